package webhook

import "time"

const (
	freshLimit = 8 // requests in flight to an endpoint that nothing is known of

	// quietAfter is how long an endpoint may answer nothing before no more than freshLimit requests wait
	// for it; one that usually takes longer has quietTimes as long.
	quietAfter = 250 * time.Millisecond
	quietTimes = 4

	// burstStep is for how long requests of a bounded rate are collected, so that a turn takes several.
	burstStep = 10 * time.Millisecond
)

// FlowRules bound a Flow: what the endpoint's settings and the worker's options say.
type FlowRules struct {
	// MaxInFlight is how many requests may be in flight to the endpoint. Below 1: one.
	MaxInFlight int

	// Rate is how many requests a second it gets at most. Zero: as many as it takes.
	Rate float64

	// Burst is how many of them may come at once after a pause. Zero: as many as in one second.
	Burst int
}

// Flow decides how many requests may be in flight to an endpoint, and when the next one may go. It is a
// value: what happens makes another one, and its methods know no clock but the times that they are given.
// The zero value is the flow of an endpoint that nothing is known of.
//
//	Allow ─▶ requests go ─▶ Sent        one ends ─▶ After
//
// A limit bounds what is in flight. It begins at 8, doubles with each round of successes up to the most
// that is allowed, stops doubling when the endpoint throttles or slows down under it, and then grows by one
// each round. A round in which answers take much longer than usual takes an eighth of it away, down to 8;
// one in which most attempts failed halves it.
//
// Five different deliveries that fail one after the other open the breaker. One delivery that fails again
// and again does not, since it may be to blame itself; neither does an answer that speaks about a body
// (400, 413, 422). While it is open single requests probe the endpoint, each after a quarter of the time
// that it has failed, between a second and 15 minutes. What is answered closes it: the limit begins at
// one, and doubles every half second at most. A probe that fails uses nothing of its delivery's schedule
// up: see Probing.
//
// An endpoint that throttles (429, 503) is given a pace, a little below the rate that it has just taken.
// The pace comes back to that rate within 20 seconds, stays close to it for about as long again, and then
// rises faster and faster until it throttles again or nothing is left of the bound. Nothing goes before
// the time that a Retry-After names, nor, while it takes nothing at all, more often than probes do.
//
// What we interrupted teaches nothing. A fault of ours makes a pause of a second.
type Flow struct {
	limit  int // in flight; 0: freshLimit
	growth growth
	usual  time.Duration // how long an answer takes when the endpoint has little to do
	opened time.Time     // when the breaker opened; zero: it is closed
	until  time.Time     // before which nothing goes
	row    failures
	pace   pace
	bucket bucket
	end    string // why the endpoint is to be disabled

	// The rest is not kept when the lane goes to another worker.
	round round
	taken measure
	heard time.Time // when the last answer came, or when the endpoint was last known to have nothing to answer
}

// growth says how the limit grows.
type growth int

const (
	ramp     growth = iota // doubles with each round
	recovery               // doubles, but not more often than every calm
	steady                 // by one
)

// Allow says how many more requests may go now beside those in flight. When it is none, and waiting
// helps, it also says when to ask again; else the answer changes when one in flight has ended.
func (f Flow) Allow(r FlowRules, inFlight int, now time.Time) (more int, notBefore time.Time) {
	if f.until.After(now) {
		return 0, f.until
	}
	more = f.bound(r) - inFlight
	if more <= 0 || f.quiet(inFlight, now) {
		return 0, time.Time{}
	}
	rate, burst := f.rate(r, now)
	if rate <= 0 {
		return more, time.Time{}
	}
	full := f.bucket.at(rate, burst, now)
	if full.tokens >= 1 {
		return min(more, int(full.tokens)), time.Time{}
	}
	return 0, full.ready(rate, burst)
}

// Sent is the flow after n more requests went, which Allow need not have been asked for: beyond a rate,
// they are made up for by a longer wait.
func (f Flow) Sent(n int, r FlowRules, inFlight int, now time.Time) Flow {
	if n <= 0 {
		return f
	}
	if inFlight == 0 || f.heard.IsZero() {
		f.heard = now
	}
	if rate, burst := f.rate(r, now); rate > 0 {
		f.bucket = f.bucket.at(rate, burst, now)
		f.bucket.tokens -= float64(n)
	}
	return f
}

// Probing reports whether the breaker is open, so that a request that goes now is a probe. An attempt that
// begins as one and fails must not use its delivery's schedule up, or an outage of minutes would use up
// those that were picked. It is not retried for ever either: the lifetime of a delivery bounds it.
func (f Flow) Probing() bool {
	return !f.opened.IsZero()
}

// bound is the limit, within what is allowed.
func (f Flow) bound(r FlowRules) int {
	return min(f.Limit(), max(r.MaxInFlight, 1))
}

// Limit is how many requests may be in flight, as far as the endpoint is concerned.
func (f Flow) Limit() int {
	if f.limit == 0 {
		return freshLimit
	}
	return f.limit
}

// quiet reports whether the endpoint has stopped answering, as far as can be told before the timeout.
func (f Flow) quiet(inFlight int, now time.Time) bool {
	return inFlight >= freshLimit && !f.heard.IsZero() && now.Sub(f.heard) > f.patience()
}

func (f Flow) patience() time.Duration { return max(quietAfter, quietTimes*f.usual) }

// rate is the lower of the rule's and the pace, and how many requests may come at once within it. Zero: no
// bound.
func (f Flow) rate(r FlowRules, now time.Time) (rate, burst float64) {
	rate, burst = r.Rate, float64(r.Burst)
	if burst == 0 {
		burst = rate
	}
	if pace := f.pace.at(now); pace > 0 && (rate <= 0 || pace < rate) {
		rate, burst = pace, pace*paceBurst.Seconds()
	}
	return rate, max(burst, 1)
}

// bucket holds tokens, one for each request that may go.
type bucket struct {
	tokens float64
	filled time.Time // zero: it is full
}

// at is the bucket at a time, with what has flowed into it until then.
func (b bucket) at(rate, burst float64, now time.Time) bucket {
	tokens := burst
	if !b.filled.IsZero() {
		tokens = min(burst, b.tokens+max(now.Sub(b.filled).Seconds(), 0)*rate)
	}
	return bucket{tokens: tokens, filled: now}
}

// ready is when a bucket without a token has some.
func (b bucket) ready(rate, burst float64) time.Time {
	wanted := min(max(1, rate*burstStep.Seconds()), burst)
	return b.filled.Add(time.Duration((wanted-b.tokens)/rate*float64(time.Second)) + 1)
}
