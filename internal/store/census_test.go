package store_test

import (
	"maps"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func (w *world) census(t *testing.T) store.Census {
	t.Helper()
	c, err := w.st.Census(t.Context(), []synchook.ProjectID{"prj_none", w.p})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantUntaken(t *testing.T, when string, c store.Census, runs, deliveries time.Duration) {
	t.Helper()
	want := map[string]time.Duration{"runs": runs, "deliveries": deliveries, "fanouts": 0, "recoveries": 0}
	if !maps.Equal(c.Untaken, want) {
		t.Errorf("%s nobody takes %v, want %v", when, c.Untaken, want)
	}
}

func TestACensusSaysHowLongWhatWaitsHasWaited(t *testing.T) {
	t.Parallel()
	at := time.Now().Truncate(time.Second)
	w, clock := frozenWorld(t, at)
	if c := w.census(t); c.RunsQueued != 0 || c.OldestRun != 0 || len(c.Endpoints) != 0 {
		t.Errorf("where nothing waits: %+v", c)
	}
	w.queue(t, "run_1", "run_2")
	clock.SetTime(at.Add(10 * time.Second))
	c := w.census(t)
	if c.RunsQueued != 2 || c.OldestRun != 10*time.Second {
		t.Errorf("two runs wait: %+v", c)
	}
	wantUntaken(t, "before a worker comes,", c, 10*time.Second, 0)

	taken := w.turn(t, w.first("a"))
	c = w.census(t)
	if c.RunsQueued != 1 || c.RunsRunning != 1 {
		t.Errorf("one of them runs: %+v", c)
	}
	wantUntaken(t, "while a worker has the lane,", c, 0, 0)
	clock.SetTime(at.Add(10*time.Second + store.LeaseTime + time.Second))
	wantUntaken(t, "when its worker is dead,", w.census(t), 26*time.Second, 0)

	w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Leave: store.LeaveNow}, w.succeeded(taken.Rows[0], "Issue"))
	clock.SetTime(at.Add(86 * time.Second))
	c = w.census(t)
	if c.DeliveriesPending != 1 || len(c.Endpoints) != 1 || c.Endpoints[0] != (store.PendingEndpoint{Project: w.p, Endpoint: w.Project.Endpoint, Oldest: time.Minute}) {
		t.Errorf("a delivery is owed for a minute: %+v", c)
	}
	wantUntaken(t, "a minute later,", c, 86*time.Second, time.Minute)
}

func TestACensusTellsOfTheEndpointsThatWaitLongest(t *testing.T) {
	t.Parallel()
	at := time.Now().Truncate(time.Second)
	w, clock := frozenWorld(t, at)
	projects := []synchook.ProjectID{}
	for i := range 25 {
		clock.SetTime(at.Add(time.Duration(i) * time.Second))
		x := worldOn(t, w.rdb)
		x.owe(t, "Issue")
		projects = append(projects, x.p)
	}
	c, err := w.st.Census(t.Context(), projects)
	if err != nil || c.DeliveriesPending != 25 || len(c.Endpoints) != 20 {
		t.Fatalf("25 endpoints are owed something: %+v, %v", c, err)
	}
	for i, e := range c.Endpoints {
		if e.Project != projects[i] || e.Oldest != time.Duration(24-i)*time.Second {
			t.Errorf("endpoint %d is %+v", i, e)
		}
	}
}
