package webhook

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// answer is what a simulated endpoint does with a request.
type answer struct {
	outcome    Outcome
	status     int
	latency    time.Duration
	retryAfter time.Duration
}

// parcel is a simulated delivery.
type parcel struct {
	id    string
	due   time.Duration // since the beginning
	used  int           // of its schedule
	probe bool
	sent  time.Duration
	answer
}

// parcels is a heap by when something happens to them.
type parcels []*parcel

func (p parcels) Len() int           { return len(p) }
func (p parcels) Less(i, j int) bool { return p[i].due < p[j].due }
func (p parcels) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

// Push implements heap.Interface.
func (p *parcels) Push(x any) { *p = append(*p, x.(*parcel)) }

// Pop implements heap.Interface.
func (p *parcels) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

// world is a lane, its worker and its endpoint, in a time of their own. When nothing is in flight and a second is
// over, the lane goes to another worker, which knows no more of the flow than its text.
type world struct {
	flow     Flow
	rules    FlowRules
	endpoint func(now time.Duration, inFlight int) answer
	ended    func(p *parcel) // is told of each answer; nil: nobody is

	now            time.Duration
	handed         time.Duration
	waiting, flies parcels
	chance         *rand.Rand

	sent, delivered, peak int
	outcomes              map[Outcome]int
}

func newWorld(endpoint func(time.Duration, int) answer) *world {
	return &world{
		endpoint: endpoint, rules: FlowRules{MaxInFlight: 64}, outcomes: map[Outcome]int{}, chance: rand.New(rand.NewPCG(1, 2)),
	}
}

// owe adds n deliveries, the first due at a time and each of the others so much later.
func (w *world) owe(n int, from, every time.Duration) {
	for i := range n {
		heap.Push(&w.waiting, &parcel{id: fmt.Sprintf("dlv_%d_%d", from, i), due: from + time.Duration(i)*every})
	}
}

func (w *world) at(d time.Duration) time.Time { return noon.Add(d) }

// run lets the time pass until then, or until nothing is left to do.
func (w *world) run(until time.Duration) {
	for w.now < until {
		w.hand()
		next := w.send(until)
		if len(w.flies) > 0 {
			next = min(next, w.flies[0].due)
		}
		if next >= until && len(w.flies)+len(w.waiting) == 0 {
			return
		}
		w.now = next
		for len(w.flies) > 0 && w.flies[0].due <= w.now {
			w.end(heap.Pop(&w.flies).(*parcel))
		}
	}
}

// hand gives the lane to another worker.
func (w *world) hand() {
	if w.now-w.handed >= time.Second && len(w.flies) == 0 {
		w.handed = w.now
		w.flow = ParseFlow(w.flow.Text(w.rules, w.at(w.now)))
	}
}

// send sends what may go now, and says when the next may.
func (w *world) send(until time.Duration) time.Duration {
	more, notBefore := w.flow.Allow(w.rules, len(w.flies), w.at(w.now))
	before, n := len(w.flies), 0
	for n < more && len(w.waiting) > 0 && w.waiting[0].due <= w.now {
		n++
		p := heap.Pop(&w.waiting).(*parcel)
		p.answer, p.sent, p.probe = w.endpoint(w.now, len(w.flies)+1), w.now, w.flow.Probing()
		p.due = w.now + p.latency
		heap.Push(&w.flies, p)
	}
	w.flow = w.flow.Sent(n, w.rules, before, w.at(w.now))
	w.sent, w.peak = w.sent+n, max(w.peak, len(w.flies))
	switch {
	case len(w.waiting) == 0 || more == 0 && notBefore.IsZero():
		return until
	case more == 0:
		return max(notBefore.Sub(noon), w.waiting[0].due)
	case n == more:
		return w.now // it may be asked again at once
	}
	return w.waiting[0].due
}

func (w *world) end(p *parcel) {
	w.outcomes[p.outcome]++
	w.flow = w.flow.After(Observation{
		Delivery: p.id, Outcome: p.outcome, Status: p.status, Latency: p.latency, RetryAfter: p.retryAfter,
		At: w.at(w.now), InFlight: len(w.flies) + 1,
	}, w.rules, w.chance.Float64())
	if w.ended != nil {
		w.ended(p)
	}
	if p.outcome == Delivered {
		w.delivered++
		return
	}
	if p.outcome.Counts() && !p.probe {
		p.used++
	}
	wait, more := Default().Delay(max(p.used, 1), p.retryAfter, w.chance.Float64)
	if more {
		p.due = w.now + wait
		heap.Push(&w.waiting, p)
	}
}

func ok(latency time.Duration) answer {
	return answer{outcome: Delivered, status: 200, latency: latency}
}

func fails(latency time.Duration) answer { return answer{outcome: Retry, latency: latency} }

func TestAnEndpointThatWasDownForADayComesBackFromOne(t *testing.T) {
	t.Parallel()
	const day, backlog = 24 * time.Hour, 50_000
	w := newWorld(func(now time.Duration, _ int) answer {
		if now < day {
			return fails(5 * time.Millisecond)
		}
		return ok(20 * time.Millisecond)
	})
	var back, last time.Duration
	worst := 0 // of the schedule used up
	peaks := map[time.Duration]int{}
	w.ended = func(p *parcel) {
		worst = max(worst, p.used)
		if p.outcome == Delivered {
			if back == 0 {
				back = p.sent
			}
			last = w.now
		}
		if back > 0 {
			step := (w.now - back) / calm
			peaks[step] = max(peaks[step], len(w.flies)+1)
		}
	}
	w.owe(backlog, 0, day/backlog)
	w.run(day - 1)
	if failed := w.sent; failed > 200 || w.peak > freshLimit {
		t.Errorf("while it was down it got %d requests, up to %d at once", failed, w.peak)
	}
	w.run(2 * day)
	if w.delivered != backlog || worst > 2 {
		t.Errorf("%d of %d were delivered, and one used %d attempts up", w.delivered, backlog, worst)
	}
	for step, most := range map[time.Duration]int{0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 32} {
		if peaks[step] > most {
			t.Errorf("in half second %d after the first success, %d were in flight at once, want at most %d", step, peaks[step], most)
		}
	}
	if w.peak != 64 {
		t.Errorf("in the end %d were in flight at once, want all that are allowed", w.peak)
	}
	if noticed := back - day; noticed > 18*time.Minute {
		t.Errorf("that it works again was noticed after %v", noticed)
	}
	if drained := last - back; drained > 30*time.Second {
		t.Errorf("all was delivered %v after the first success, want 30 s at most", drained)
	}
}

// throttle is an endpoint that takes so many a second, and some at once after a pause.
func throttle(rate, burst float64, latency, retryAfter time.Duration) func(time.Duration, int) answer {
	tokens, filled := burst, time.Duration(0)
	return func(now time.Duration, _ int) answer {
		tokens = min(burst, tokens+(now-filled).Seconds()*rate)
		filled = now
		if tokens < 1 {
			return answer{outcome: Throttle, status: 429, latency: latency, retryAfter: retryAfter}
		}
		tokens--
		return ok(latency)
	}
}

// bySecond is an endpoint that takes so many in each second of the clock, and says when the next begins.
func bySecond(rate int, latency time.Duration) func(time.Duration, int) answer {
	second, count := time.Duration(-1), 0
	return func(now time.Duration, _ int) answer {
		if s := now.Truncate(time.Second); s != second {
			second, count = s, 0
		}
		if count++; count > rate {
			return answer{outcome: Throttle, status: 429, latency: latency, retryAfter: time.Second}
		}
		return ok(latency)
	}
}

func TestTheRateOfAnEndpointThatThrottlesIsFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rate     float64
		endpoint func(time.Duration, int) answer
	}{
		"100/s":                             {100, throttle(100, 10, 10*time.Millisecond, 0)},
		"100/s, saved up for a second":      {100, throttle(100, 100, 10*time.Millisecond, 0)},
		"100/s, saved up for ten seconds":   {100, throttle(100, 1000, 10*time.Millisecond, 0)},
		"100/s, far away":                   {100, throttle(100, 20, 300*time.Millisecond, 0)},
		"100/s, with Retry-After":           {100, throttle(100, 100, 10*time.Millisecond, time.Second)},
		"100/s, by seconds of the clock":    {100, bySecond(100, 10*time.Millisecond)},
		"1/s":                               {1, throttle(1, 5, 10*time.Millisecond, 0)},
		"1,000/s":                           {1000, throttle(1000, 100, 10*time.Millisecond, 0)},
		"1,000/s, at the edge of the limit": {1000, throttle(1000, 100, 50*time.Millisecond, 0)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(test.endpoint)
			w.owe(400*int(test.rate), 0, 0)
			w.run(time.Minute)
			delivered, throttled := w.delivered, w.outcomes[Throttle]
			w.run(6 * time.Minute)
			rate, refused := float64(w.delivered-delivered)/300, float64(w.outcomes[Throttle]-throttled)/300
			t.Logf("%.1f/s taken, %.2f/s refused", rate, refused)
			if rate < 0.9*test.rate || rate > 1.1*test.rate {
				t.Errorf("%.1f a second got through, want %v within a tenth", rate, test.rate)
			}
			if refused > 0.1*test.rate {
				t.Errorf("%.1f a second were refused, want a tenth at most", refused)
			}
		})
	}
}

// pool is an endpoint with so many workers, of which each takes so long.
func pool(workers int, each time.Duration) func(time.Duration, int) answer {
	free := make([]time.Duration, workers)
	return func(now time.Duration, _ int) answer {
		next := 0
		for i := range free {
			if free[i] < free[next] {
				next = i
			}
		}
		free[next] = max(free[next], now) + each
		return ok(free[next] - now)
	}
}

func TestAnEndpointIsNotMadeToQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(pool(16, 100*time.Millisecond))
	w.owe(100_000, 0, 0)
	w.run(time.Minute)
	delivered, sum := w.delivered, time.Duration(0)
	w.peak = 0
	w.ended = func(p *parcel) { sum += p.latency }
	w.run(6 * time.Minute)
	n := w.delivered - delivered
	if rate := float64(n) / 300; rate < 155 {
		t.Errorf("%.1f a second got through, of 160", rate)
	}
	if mean := sum / time.Duration(n); w.peak > 40 || mean > 230*time.Millisecond {
		t.Errorf("up to %d were in flight at once and took %v, want at most 40 and 230ms", w.peak, mean)
	}
}

func TestAnEndpointThatBecomesSlowerKeepsItsShare(t *testing.T) {
	t.Parallel()
	w := newWorld(func(now time.Duration, _ int) answer {
		if now < time.Minute {
			return ok(50 * time.Millisecond)
		}
		return ok(400 * time.Millisecond)
	})
	w.owe(500_000, 0, 0)
	w.run(5 * time.Minute)
	delivered := w.delivered
	w.run(6 * time.Minute)
	if rate := float64(w.delivered-delivered) / 60; rate < 150 {
		t.Errorf("%.1f a second got through, of 160", rate)
	}
}

func TestAFastEndpointLosesNothing(t *testing.T) {
	t.Parallel()
	// It takes 12,000 a second, whatever is in flight.
	w := newWorld(pool(4, 4*time.Second/12_000))
	w.owe(60_000, 0, 0)
	w.run(100 * time.Millisecond)
	if w.peak != 64 {
		t.Errorf("after 100 ms up to %d were in flight at once, want all that are allowed", w.peak)
	}
	w.run(4 * time.Second)
	if w.delivered < 47_900 {
		t.Errorf("%d got through in 4 s, of 48,000", w.delivered)
	}
}

func TestABlackHoleGetsFewRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(func(time.Duration, int) answer { return fails(20 * time.Second) })
	w.owe(100_000, 0, 0)
	w.run(time.Hour)
	if w.peak > freshLimit || w.sent > 40 {
		t.Errorf("it got %d requests in an hour, up to %d at once", w.sent, w.peak)
	}
	w.peak = 0
	w.run(2 * time.Hour)
	if w.peak != 1 {
		t.Errorf("later up to %d were in flight at once, want one", w.peak)
	}
}

func TestAnEndpointThatBeginsToDripGetsFewRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(func(now time.Duration, _ int) answer {
		if now < time.Minute {
			return ok(20 * time.Millisecond)
		}
		return answer{outcome: Retry, status: 200, latency: 20 * time.Second}
	})
	w.owe(2000, 0, 0) // so that all are allowed that may be
	w.owe(50_000, time.Second, 20*time.Millisecond)
	w.run(time.Minute - 1)
	w.peak = 0
	w.run(time.Hour)
	if w.peak > 2*freshLimit {
		t.Errorf("up to %d were in flight at once, want at most %d", w.peak, 2*freshLimit)
	}
	if late := w.outcomes[Retry]; late > 60 {
		t.Errorf("it got %d requests while it dripped", late)
	}
}

func TestAFlappingEndpointGetsItsWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(func(now time.Duration, _ int) answer {
		if now.Truncate(30*time.Second)%time.Minute == 0 {
			return ok(20 * time.Millisecond)
		}
		return fails(5 * time.Millisecond)
	})
	var slowest time.Duration
	w.ended = func(p *parcel) {
		if p.outcome == Delivered {
			slowest = max(slowest, p.latency)
		}
	}
	w.owe(72_000, 0, 50*time.Millisecond)
	w.run(time.Hour)
	w.run(time.Hour + time.Minute)
	if w.delivered != 72_000 {
		t.Errorf("%d of 72,000 were delivered", w.delivered)
	}
	if failed := w.outcomes[Retry]; failed > 72_000/50 {
		t.Errorf("%d attempts failed, want at most one in 50", failed)
	}
}

func TestAnEndpointThatTakesSoManyAtOnceIsKeptBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(func(_ time.Duration, inFlight int) answer {
		if inFlight > 16 {
			return answer{outcome: Throttle, status: 503, latency: 5 * time.Millisecond}
		}
		return ok(100 * time.Millisecond)
	})
	w.owe(100_000, 0, 0)
	w.run(time.Minute)
	delivered, throttled := w.delivered, w.outcomes[Throttle]
	w.run(6 * time.Minute)
	rate, refused := float64(w.delivered-delivered)/300, float64(w.outcomes[Throttle]-throttled)/300
	if rate < 120 || refused > 2 {
		t.Errorf("%.1f a second got through, of 160, and %.1f were refused", rate, refused)
	}
}

func TestARateIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(func(time.Duration, int) answer { return ok(10 * time.Millisecond) })
	w.rules.Rate, w.rules.Burst = 50, 10
	w.owe(100_000, 0, 0)
	w.run(10 * time.Minute)
	if want := 50*600 + 10; w.sent > want || w.sent < want-50 {
		t.Errorf("%d requests went in 10 minutes, want %d", w.sent, want)
	}
}
