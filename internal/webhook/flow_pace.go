package webhook

import (
	"cmp"
	"time"
)

const (
	// paceKeeps is the part that is left of a rate that was too high.
	paceKeeps = 0.85

	// paceBack is how long a pace takes to come back to that rate. paceEnds is how long after it was
	// cut, without having been cut again, nothing is left of the bound.
	paceBack = 20 * time.Second
	paceEnds = 4 * paceBack

	// paceBurst is for how long requests may be saved up within a pace.
	paceBurst = 50 * time.Millisecond

	paceLowest = 0.1 // requests a second
	paceFirst  = 1   // of an endpoint of which is only known that it throttles
)

// pace is the rate that an endpoint seems to take. It follows a cubic curve, as congestion control does in
// networks (RFC 9438): quickly back to just below where it was too high, slowly past that, then ever faster.
// Unlike there, the curve is relative to the rate, so that one of 1/s and one of 1,000/s are found alike.
type pace struct {
	top   float64   // the rate that was too high; 0: no pace
	cut   time.Time // when it was
	since time.Time // when the endpoint first asked for fewer
}

// at is the rate at a time. Zero: no bound.
func (p pace) at(now time.Time) float64 {
	after := now.Sub(p.cut)
	if p.top == 0 || after >= paceEnds {
		return 0
	}
	x := max(after, 0).Seconds()/paceBack.Seconds() - 1
	return max(p.top*(1+(1-paceKeeps)*x*x*x), paceLowest)
}

// cutTo is the pace after a rate was found too high, of which the endpoint took so much. Zero: that is not
// known.
func (p pace) cutTo(taken float64, now time.Time) pace {
	top, since := p.at(now), p.since
	if top == 0 {
		top, since = cmp.Or(taken, paceFirst), now
	}
	if taken > 0 && taken < top {
		top = taken
	}
	return pace{top: max(top, paceLowest), cut: now, since: since}
}

// measure is the rate at which an endpoint took webhooks, by the second.
type measure struct {
	began time.Time
	count int
	last  float64 // in the second before; 0: not known
}

func (m *measure) add(at time.Time) {
	if m.began.IsZero() {
		m.began = at
	}
	if d := at.Sub(m.began); d >= time.Second {
		*m = measure{began: at, last: float64(m.count) / d.Seconds()}
	}
	m.count++
}

// rate is that of the last second, and of this one when more came in it. Zero: not known. Nothing is known
// under a pace that was cut less than a second ago; without a pace, what came in a shorter time is taken for
// more than it is, which the next cuts mend.
func (m measure) rate(at time.Time, paced bool) float64 {
	if m.began.IsZero() {
		return 0
	}
	least := time.Second
	if d := at.Sub(m.began); m.last == 0 && d < time.Second {
		if paced {
			return 0
		}
		least = time.Second / 10
	}
	return max(m.last, float64(m.count)/max(at.Sub(m.began), least).Seconds())
}
