package webhook

import (
	"strconv"
	"strings"
	"time"
)

// flowVersion is the first word after the number. A text of another version is a fresh flow.
const flowVersion = "v1"

const maxFlowReason = 160 // bytes of a failure's reason that a text keeps

// Text is what is kept of the flow in its lane. Empty: nothing is known of the endpoint. It begins with how
// many requests may go before anybody has read the rest, which is a version and words of one letter and a
// value: l the limit, g how it grows, u the usual latency in µs, o when the breaker opened, n not before,
// s failing since, t that it throttles, i the deliveries that failed, p the pace's rate, cut and beginning, b the
// bucket's tokens and when it was filled, and r the reason, to the end. Times are in ms since 1970.
func (f Flow) Text(r FlowRules, now time.Time) string {
	b := make([]byte, 0, 128)
	if f.limit != 0 {
		b = word(b, 'l', int64(f.limit))
		b = word(b, 'g', int64(f.growth))
	}
	if f.usual > 0 {
		b = word(b, 'u', f.usual.Microseconds())
	}
	b = wordTime(b, 'o', f.opened)
	if f.until.After(now) {
		b = wordTime(b, 'n', f.until)
	}
	if f.pace.at(now) > 0 {
		b = append(append(b, " p"...), rounded(f.pace.top)...)
		b = comma(comma(b, f.pace.cut), f.pace.since)
	}
	b = f.bucketText(b, r, now)
	b = f.row.text(b)
	if len(b) == 0 {
		return ""
	}
	return strconv.Itoa(f.first(r, now)) + " " + flowVersion + string(b)
}

// first is how many requests may go from a standstill, whatever the time then is.
func (f Flow) first(r FlowRules, now time.Time) int {
	n := f.bound(r)
	if rate, burst := f.rate(r, now); rate > 0 {
		n = min(n, int(max(f.bucket.at(rate, burst, now).tokens, 1)))
	}
	return n
}

func (f Flow) bucketText(b []byte, r FlowRules, now time.Time) []byte {
	rate, burst := f.rate(r, now)
	if rate <= 0 || f.bucket.at(rate, burst, now).tokens >= burst {
		return b
	}
	return comma(append(append(b, " b"...), rounded(f.bucket.tokens)...), f.bucket.filled)
}

func (r failures) text(b []byte) []byte {
	if r.since.IsZero() {
		return b
	}
	b = wordTime(b, 's', r.since)
	if r.throttled {
		b = append(b, " t"...)
	}
	for n, id := range r.ids[:r.count] {
		b = append(b, [2]string{" i", ","}[min(n, 1)]...)
		b = strconv.AppendUint(b, uint64(id), 36)
	}
	reason := r.reason[:min(len(r.reason), maxFlowReason)]
	return append(append(b, " r"...), strings.ToValidUTF8(reason, "")...)
}

func word(b []byte, letter byte, n int64) []byte {
	return strconv.AppendInt(append(b, ' ', letter), n, 10)
}

func wordTime(b []byte, letter byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return word(b, letter, t.UnixMilli())
}

func comma(b []byte, t time.Time) []byte {
	return strconv.AppendInt(append(b, ','), t.UnixMilli(), 10)
}

func rounded(n float64) string { return strconv.FormatFloat(n, 'f', 2, 64) }

// ParseFlow reads a text. Only a number is a flow that begins again, with so many requests in flight and
// growing slowly. What it cannot read is a fresh flow: a text must never stop an endpoint's deliveries.
func ParseFlow(text string) Flow {
	text, reason, _ := strings.Cut(text, " r")
	words := strings.Split(text, " ")
	if len(words) == 1 {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return Flow{}
		}
		return Flow{limit: n, growth: recovery}
	}
	if words[1] != flowVersion {
		return Flow{}
	}
	f := Flow{row: failures{reason: reason}}
	for _, w := range words[2:] {
		if w == "" || !f.read(w[0], strings.Split(w[1:], ",")) {
			return Flow{}
		}
	}
	return f
}

// read takes a word in, and reports whether it understood it.
func (f *Flow) read(letter byte, values []string) bool {
	p := parser{values: values}
	switch letter {
	case 'l':
		f.limit = int(p.number())
		p.wrong = p.wrong || f.limit < 1
	case 'g':
		f.growth = growth(p.number())
		p.wrong = p.wrong || f.growth > steady
	case 'u':
		f.usual = time.Duration(p.number()) * time.Microsecond
	case 'o':
		f.opened = p.time()
	case 'n':
		f.until = p.time()
	case 's':
		f.row.since = p.time()
	case 't':
		f.row.throttled = true
		return true
	case 'i':
		return f.row.read(values)
	case 'p':
		f.pace = pace{top: p.float(), cut: p.time(), since: p.time()}
	case 'b':
		f.bucket = bucket{tokens: p.float(), filled: p.time()}
	default:
		return false
	}
	return !p.wrong && len(p.values) == 0
}

func (r *failures) read(values []string) bool {
	for _, v := range values {
		id, err := strconv.ParseUint(v, 36, 32)
		if err != nil || r.count == openAfter {
			return false
		}
		r.ids[r.count] = uint32(id)
		r.count++
	}
	return true
}

// parser reads values one after the other, and remembers whether one was wrong.
type parser struct {
	values []string
	wrong  bool
}

func (p *parser) next() string {
	if len(p.values) == 0 {
		p.wrong = true
		return ""
	}
	v := p.values[0]
	p.values = p.values[1:]
	return v
}

func (p *parser) number() int64 {
	n, err := strconv.ParseInt(p.next(), 10, 64)
	p.wrong = p.wrong || err != nil || n < 0
	return n
}

func (p *parser) float() float64 {
	n, err := strconv.ParseFloat(p.next(), 64)
	p.wrong = p.wrong || err != nil || n != n || n > 1e9 || n < -1e9
	return n
}

func (p *parser) time() time.Time { return time.UnixMilli(p.number()) }
