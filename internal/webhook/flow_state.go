package webhook

import (
	"fmt"
	"time"
)

// Health says in a word how an endpoint does.
type Health int

// The words. The zero value is a healthy endpoint.
const (
	Healthy Health = iota
	// Throttled: it asked for fewer webhooks, and gets fewer.
	Throttled
	// Failing: it has taken nothing since its last failure.
	Failing
)

// String names the health in lower case.
func (h Health) String() string {
	switch h {
	case Throttled:
		return "throttled"
	case Failing:
		return "failing"
	}
	return "healthy"
}

// FlowState explains a flow to a person.
type FlowState struct {
	Health Health
	Since  time.Time // zero for a healthy one
	Reason string    // a sentence; empty for a healthy one
	Next   time.Time // before which nothing goes; zero: it may go now
}

// State explains the flow. Whether the endpoint is paused or disabled is not its to say.
func (f Flow) State(now time.Time) FlowState {
	s := FlowState{}
	if f.until.After(now) {
		s.Next = f.until
	}
	pace := f.pace.at(now)
	switch {
	case f.Probing():
		s.Health, s.Since = Failing, f.row.since
		s.Reason = "the endpoint " + f.row.reason + "; single attempts probe it until one is answered"
		if f.row.since.IsZero() {
			s.Since, s.Reason = f.opened, "it was resumed; single attempts probe the endpoint until one is answered"
		}
	case !f.row.since.IsZero() && !f.row.throttled:
		s.Health, s.Since, s.Reason = Failing, f.row.since, "the endpoint "+f.row.reason
	case pace > 0:
		s.Health, s.Since = Throttled, f.pace.since
		s.Reason = fmt.Sprintf("the endpoint asked for fewer webhooks; it gets %.3g a second at most", pace)
	case f.row.throttled:
		s.Health, s.Since, s.Reason = Throttled, f.row.since, "the endpoint "+f.row.reason
	}
	return s
}

// Disable reports whether the endpoint is to be disabled, and why: it answered 410, or it did nothing but
// fail for DisableAfter. That is told once, and not kept in the text.
func (f Flow) Disable() (why string, now bool) {
	return f.end, f.end != ""
}
