package worker

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// course is the flow of the endpoint whose lane is worked, as its attempts change it. It may be used concurrently.
type course struct {
	mu     sync.Mutex
	rules  webhook.FlowRules
	flow   webhook.Flow
	known  bool // a turn told the flow, or what is told began it
	flying int  // attempts under way

	recovered time.Time // when it was answered after it had failed; zero: that is told, or it was not
	disabled  time.Time // when it was to be disabled; zero: it is not
	number    int       // of the turn with which was told:
	told      told
}

// told is what is told of the flow with a turn, and what that is news of.
type told struct {
	flow      *store.FlowTold // nil: it is not known yet
	recovered time.Time
	disabled  time.Time
}

// turnOfEvents is a change of how an endpoint does, that people want to know of.
type turnOfEvents int

const (
	noChange turnOfEvents = iota
	beganToFail
	cameBack
	isDisabled
)

// rule sets what the flow must keep to from now on.
func (c *course) rule(r webhook.FlowRules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules = r
}

// allow says how many more requests may go, as lane.allow does. As long as the flow is not known, the store bounds them.
func (c *course) allow(inFlight int, now time.Time) (more int, again time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return c.rules.MaxInFlight - inFlight, time.Time{}
	}
	return c.flow.Allow(c.rules, inFlight, now)
}

// fresh is how many requests may go to an endpoint that nothing is known of.
func (c *course) fresh(now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, _ := webhook.Flow{}.Allow(c.rules, 0, now)
	return n
}

// begin notes that an attempt begins, and reports whether it is a probe.
func (c *course) begin() (probe bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying++
	return c.flow.Probing()
}

// landed notes that an attempt is over.
func (c *course) landed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying--
}

// learn takes in how an attempt ended. It is spared if it probed an endpoint that fails still: then its delivery is not
// to blame.
func (c *course) learn(id synchook.DeliveryID, a webhook.Attempt, probe bool) (spared bool, change turnOfEvents) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.flow
	c.flow = before.After(webhook.Observe(string(id), a, c.flying), c.rules, rand.Float64()) //nolint:gosec // it spreads probes
	at := a.StartedAt.Add(a.Duration)
	_, end := c.flow.Disable()
	switch {
	case end && c.disabled.IsZero():
		c.disabled, change = at, isDisabled
	case before.Probing() && !c.flow.Probing():
		c.recovered, change = at, cameBack
	case !before.Probing() && c.flow.Probing():
		c.recovered, change = time.Time{}, beganToFail
	}
	return probe && c.flow.Probing() && a.Verdict.Outcome != webhook.Delivered, change
}

// state explains the flow.
func (c *course) state(now time.Time) webhook.FlowState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flow.State(now)
}

// end is why the endpoint is to be disabled.
func (c *course) end() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	why, _ := c.flow.Disable()
	return why
}

// tell returns what is told with the turn of that number. One that is sent again tells the same: if the first one
// reached the store, nothing else was heard.
func (c *course) tell(number int, now time.Time) told {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.known:
		c.told = told{}
	case number != c.number:
		flow := store.FlowTold{Text: c.flow.Text(c.rules, now)}
		flow.Disable, _ = c.flow.Disable()
		if _, again := c.flow.Allow(c.rules, 0, now); again.After(now) {
			flow.Hold = again.Sub(now)
		}
		c.told = told{flow: &flow, recovered: c.recovered, disabled: c.disabled}
	}
	c.number = number
	return c.told
}

// heard takes in what a turn answered, which took n rows beside those in flight: what was told is told, and the flow is
// another one if a person released the lane, or if it was not known.
func (c *course) heard(flow *string, n int, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case flow != nil:
		c.flow, c.known = webhook.ParseFlow(*flow), true
		c.recovered, c.disabled = time.Time{}, time.Time{}
	case c.recovered.Equal(c.told.recovered):
		c.recovered = time.Time{}
	}
	c.flow = c.flow.Sent(n, c.rules, c.flying, now)
}
