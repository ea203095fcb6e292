package worker

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeRoles gives leases of roles by the bubble's clock, as the store does by Redis's.
type fakeRoles struct {
	Store
	mu     sync.Mutex
	holder map[string]string
	until  map[string]time.Time
}

func (f *fakeRoles) Lead(_ context.Context, role, who string, d time.Duration) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.holder[role] != who && time.Now().Before(f.until[role]) {
		return false, nil
	}
	f.holder[role], f.until[role] = who, time.Now().Add(d)
	return true, nil
}

// led is a turn of who leads.
type led struct {
	who string
	at  time.Time
}

func TestALeaderKeepsItsRoleUntilItDiesAndThenAnotherHasItWithinTheLease(t *testing.T) {
	t.Parallel()
	for role, every := range map[string]time.Duration{"sweep": scheduleEvery, "prune": removeEvery} {
		synctest.Test(t, func(t *testing.T) {
			f := &fakeRoles{holder: map[string]string{}, until: map[string]time.Time{}}
			var mu sync.Mutex
			var turns []led
			lead := func(who string) (die func()) {
				ctx, cancel := context.WithCancel(t.Context())
				s := &sweeper{store: f, who: who, now: time.Now}
				var running sync.WaitGroup
				running.Go(func() {
					s.lead(ctx, role, every, func() {
						mu.Lock()
						defer mu.Unlock()
						turns = append(turns, led{who, time.Now()})
					}, func() {})
				})
				return func() { cancel(); running.Wait() }
			}
			dieA := lead("a")
			<-time.After(time.Millisecond) // a is the first
			dieB := lead("b")
			<-time.After(10 * every)
			dieA()
			died := time.Now()
			<-time.After(2*every + leaseFor)
			dieB()
			wantLeaders(t, turns, died, every)
		})
	}
}

// wantLeaders wants a to have led alone, at each of its times, until it died, and then b, within the lease
// and b's next time.
func wantLeaders(t *testing.T, turns []led, died time.Time, every time.Duration) {
	t.Helper()
	ofA := 0
	var firstOfB time.Time
	for _, turn := range turns {
		switch {
		case turn.who == "a":
			ofA++
		case turn.at.Before(died):
			t.Errorf("b led %s before a died", died.Sub(turn.at))
		case firstOfB.IsZero():
			firstOfB = turn.at
		}
	}
	if ofA != 10 {
		t.Errorf("a led %d times in 10 times %s", ofA, every)
	}
	if firstOfB.IsZero() || firstOfB.Sub(died) > leaseFor+2*every {
		t.Errorf("b led first %s after a died", firstOfB.Sub(died))
	}
}
