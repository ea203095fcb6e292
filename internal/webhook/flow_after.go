package webhook

import (
	"net/http"
	"time"
)

const (
	openAfter = 5 // different deliveries that failed one after the other

	// A probe comes after probePart of the time that an endpoint has failed, within these bounds.
	probePart  = 4
	probeFirst = time.Second
	probeLast  = 15 * time.Minute

	faultPause = time.Second

	calm = 500 * time.Millisecond // the shortest round after an outage

	// An answer is slow that takes slowTimes as long as usual and slowMore. The latter is more than an
	// endpoint nearby takes under full load: it would only lose by fewer requests.
	slowTimes = 1.5
	slowMore  = 50 * time.Millisecond

	// DisableAfter is how long an endpoint may do nothing but fail.
	DisableAfter = 5 * 24 * time.Hour
)

// Observation is what became of one request.
type Observation struct {
	Delivery string // its ID
	Outcome  Outcome
	Status   int           // of the answer; 0: none came
	Reason   string        // of the verdict
	Latency  time.Duration // from when it was sent until it ended
	// RetryAfter is how long the endpoint asked us to wait. Zero: it did not.
	RetryAfter time.Duration
	At         time.Time // when it ended
	InFlight   int       // requests in flight then, itself included
}

// Observe makes an observation of an attempt for a delivery.
func Observe(delivery string, a Attempt, inFlight int) Observation {
	return Observation{
		Delivery: delivery, Outcome: a.Verdict.Outcome, Status: a.Status, Reason: a.Verdict.Reason, Latency: a.Duration,
		RetryAfter: a.Verdict.RetryAfter, At: a.StartedAt.Add(a.Duration), InFlight: inFlight,
	}
}

func (o Observation) sent() time.Time { return o.At.Add(-o.Latency) }

// After is the flow after a request ended. The random number is in [0, 1): it spreads probes.
func (f Flow) After(o Observation, r FlowRules, random float64) Flow {
	switch o.Outcome {
	case Delivered:
		f.succeeded(o, r)
	case Throttle:
		f.throttled(o, random)
	case Retry, Gone:
		f.failed(o, r, random)
	case Fault:
		f.hold(o.At.Add(faultPause))
	}
	return f
}

func (f *Flow) succeeded(o Observation, r FlowRules) {
	f.heard = o.At
	f.row = failures{}
	f.taken.add(o.At)
	if f.Probing() {
		f.close(o.At)
	}
	f.round.add(o)
	f.adjust(o.At, r)
}

func (f *Flow) failed(o Observation, r FlowRules, random float64) {
	if o.Latency < f.patience() { // a timeout is no answer
		f.heard = o.At
	}
	f.row.note(o)
	f.judge(o)
	probe := f.Probing() && !o.sent().Before(f.opened)
	switch {
	case aboutBody(o.Status):
		if probe { // it works again
			f.close(o.At)
		}
	case probe:
		f.hold(o.At.Add(f.row.wait(o.At, random)))
	case !f.Probing():
		f.round.add(o)
		f.adjust(o.At, r)
		if f.row.add(o.Delivery) == openAfter {
			f.open(o.At, random)
		}
	}
}

func (f *Flow) throttled(o Observation, random float64) {
	f.heard = o.At
	f.row.note(o)
	f.judge(o)
	f.hold(o.At.Add(o.RetryAfter))
	if f.Probing() {
		if !o.sent().Before(f.opened) {
			f.hold(o.At.Add(f.row.wait(o.At, random)))
		}
		return
	}
	if o.sent().Before(f.pace.cut) { // it was on its way when the pace was set
		return
	}
	if wait := f.row.wait(o.At, random); wait > 2*probeFirst { // nothing has got through for a while
		f.hold(o.At.Add(wait))
	}
	f.pace = f.pace.cutTo(f.taken.rate(o.At, f.pace.at(o.At) > 0), o.At)
	f.taken, f.bucket = measure{}, bucket{filled: o.At}
	f.limit, f.growth, f.round = max(f.Limit()*7/10, 1), steady, round{began: o.At}
}

// judge decides whether the endpoint is to be disabled.
func (f *Flow) judge(o Observation) {
	switch {
	case o.Outcome == Gone:
		f.end = "the endpoint " + o.Reason
	case o.At.Sub(f.row.since) >= DisableAfter && (f.row.throttled || f.row.count > 1 || f.Probing()):
		f.end = "the endpoint took no webhook for 5 days; the last time it " + o.Reason
	}
}

func (f *Flow) hold(until time.Time) {
	if until.After(f.until) {
		f.until = until
	}
}

func (f *Flow) open(at time.Time, random float64) {
	f.opened, f.limit, f.growth, f.round = at, 1, recovery, round{}
	f.hold(at.Add(f.row.wait(at, random)))
}

func (f *Flow) close(at time.Time) {
	f.opened, f.until = time.Time{}, time.Time{}
	f.limit, f.growth, f.round = 1, recovery, round{began: at}
	f.row.count = 0
}

// adjust ends a round, and moves the limit by what it taught.
func (f *Flow) adjust(at time.Time, r FlowRules) {
	limit, most := f.Limit(), max(r.MaxInFlight, 1)
	if f.round.count < limit || f.growth == recovery && at.Sub(f.round.began) < calm {
		return
	}
	last := f.round
	f.round = round{began: at}
	mean := last.mean()
	slow := f.usual > 0 && mean > time.Duration(slowTimes*float64(f.usual))+slowMore
	switch {
	case 2*last.failed > last.count:
		f.limit, f.growth = max(limit/2, 1), steady
	case slow && limit > freshLimit:
		f.limit, f.growth = max(limit*7/8, freshLimit), steady
	case 2*last.peak < limit: // it was not put to use, so nothing is known of more
	case f.growth == steady:
		f.limit = limit + 1
	default:
		f.limit = 2 * limit
	}
	if f.limit >= most {
		f.limit, f.growth = most, steady
	}
	// When few requests are in flight and it is slow all the same, this is how long it takes now.
	if mean > 0 && (f.usual == 0 || mean < f.usual || slow && limit <= freshLimit) {
		f.usual = mean
	}
}

// aboutBody reports whether a status speaks about one request's body, and not about the endpoint.
func aboutBody(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity
}

// round is what happened since the limit last moved.
type round struct {
	began               time.Time
	count, failed, peak int
	sum                 time.Duration // of the successes' latencies
}

func (r *round) add(o Observation) {
	if r.began.IsZero() {
		r.began = o.sent()
	}
	r.count++
	r.peak = max(r.peak, o.InFlight)
	if o.Outcome == Delivered {
		r.sum += o.Latency
	} else {
		r.failed++
	}
}

// mean is how long a success took. Zero: there was none.
func (r round) mean() time.Duration {
	if n := r.count - r.failed; n > 0 {
		return r.sum / time.Duration(n)
	}
	return 0
}

// failures are those since the last success.
type failures struct {
	since     time.Time
	reason    string // of the last
	throttled bool   // that is what the last was
	ids       [openAfter]uint32
	count     int // of ids
}

func (r *failures) note(o Observation) {
	if r.since.IsZero() {
		r.since = o.At
	}
	r.reason, r.throttled = o.Reason, o.Outcome == Throttle
}

// add counts a delivery that was not counted yet, and returns how many there are.
func (r *failures) add(delivery string) int {
	id := hash(delivery)
	for _, known := range r.ids[:r.count] {
		if known == id {
			return r.count
		}
	}
	if r.count < openAfter {
		r.ids[r.count] = id
		r.count++
	}
	return r.count
}

// wait is how long to wait before the next probe.
func (r failures) wait(at time.Time, random float64) time.Duration {
	d := min(max(at.Sub(r.since)/probePart, probeFirst), probeLast)
	return stretch(d, jitter*(2*random-1))
}

// hash is FNV-1a.
func hash(text string) uint32 {
	h := uint32(2166136261)
	for i := range len(text) {
		h = (h ^ uint32(text[i])) * 16777619
	}
	return h
}
