package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// fakeCensus counts how often it is asked.
type fakeCensus struct {
	Store
	Queue
	asked int
	err   error
}

// Census implements sweepStore.
func (f *fakeCensus) Census(context.Context, []synchook.ProjectID) (store.Census, error) {
	f.asked++
	return store.Census{RunsQueued: 7, Untaken: map[string]time.Duration{"runs": time.Second}}, f.err
}

// Backlogs implements Queue.
func (f *fakeCensus) Backlogs() (map[string]queue.Backlog, error) {
	return map[string]queue.Backlog{"runs": {Tasks: 3, Oldest: time.Minute}}, nil
}

func TestACensusIsTakenNowAndThenAndShownWhileItIsFresh(t *testing.T) {
	t.Parallel()
	f, now := &fakeCensus{}, time.Now()
	c := &census{store: f, queue: f, now: func() time.Time { return now }}
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	shown := func() int {
		families, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		return len(families)
	}
	for _, step := range []struct {
		after       time.Duration
		do          func()
		asked, show int
	}{
		{0, func() {}, 0, 0},
		{0, func() { _ = c.take(t.Context(), nil) }, 1, 8}, // all but the endpoints, of which there are none
		{time.Second, func() { _ = c.take(t.Context(), nil) }, 1, 8},
		{censusEvery, func() { _ = c.take(t.Context(), nil) }, 2, 8},
		{censusFresh + time.Second, func() {}, 2, 0},
		{0, func() { _ = c.take(t.Context(), nil) }, 3, 8},
		{0, c.forget, 3, 0},
		{0, func() { _ = c.take(t.Context(), nil) }, 4, 8},
	} {
		now = now.Add(step.after)
		step.do()
		if got := shown(); f.asked != step.asked || got != step.show {
			t.Errorf("asked %d times, showing %d; want %d and %d", f.asked, got, step.asked, step.show)
		}
	}
}

func TestACensusThatFailsIsNotTriedAtOnceAgain(t *testing.T) {
	t.Parallel()
	f, now := &fakeCensus{err: errors.New("it took too long")}, time.Now()
	c := &census{store: f, queue: f, now: func() time.Time { return now }}
	failed := 0
	for range 30 {
		if c.take(t.Context(), nil) != nil {
			failed++
		}
		now = now.Add(scheduleEvery)
	}
	if f.asked != 2 || failed != 2 {
		t.Errorf("in 30 s it was tried %d times and failed %d times, want twice", f.asked, failed)
	}
}
