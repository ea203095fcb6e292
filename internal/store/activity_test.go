package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestEventsAndRunsAreCountedByTheMinute(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	matched := w.event("evt_1", "1", synchook.OutcomeMatched)
	matched.Runs = []synchook.Run{w.run("run_1"), w.run("run_2"), w.run("run_3")}
	w.accept(t, matched)
	w.accept(t, matched)                                            // sent again: its reply was lost
	w.accept(t, w.event("evt_other", "1", synchook.OutcomeMatched)) // the provider sent it again
	w.accept(t, w.event("evt_2", "2", synchook.OutcomeUnmatched))   // nobody wants it
	turn := store.Turn{Lane: w.lane(), Token: "a", Number: 1, Want: 3, Limit: 3}
	rows := w.turn(t, turn).Rows
	if len(rows) != 3 {
		t.Fatalf("took %d runs", len(rows))
	}
	again := store.RunDone{Run: rows[0], Wait: time.Second}
	turn.Number, turn.Want = 2, 0
	w.turn(t, turn, again)

	mr.SetTime(noon.Add(90 * time.Second))
	good, bad := store.RunDone{Run: rows[1]}, store.RunDone{Run: rows[2]}
	good.Run.State, bad.Run.State = synchook.RunSucceeded, synchook.RunFailed
	turn.Number = 3
	w.turn(t, turn, good, bad)
	w.turn(t, turn, good, bad) // sent again

	activity := func(window time.Duration) []store.ActivityMinute {
		minutes, err := w.st.Activity(t.Context(), w.p, window)
		if err != nil {
			t.Fatal(err)
		}
		return minutes
	}
	want := []store.ActivityMinute{
		{Start: noon, ActivityFigures: store.ActivityFigures{Events: 2}},
		{Start: noon.Add(time.Minute), ActivityFigures: store.ActivityFigures{Runs: 2, FailedRuns: 1}},
	}
	if got := activity(time.Hour); !slices.Equal(got, want) {
		t.Errorf("the minutes are %+v, want %+v", got, want)
	}
	mr.SetTime(noon.Add(61*time.Minute + 30*time.Second))
	if got := activity(time.Hour); !slices.Equal(got, want[1:]) {
		t.Errorf("an hour later the minutes are %+v, want %+v", got, want[1:])
	}
	mr.FastForward(store.MaxStatsWindow + 2*time.Hour)
	if got := activity(store.MaxStatsWindow); len(got) != 0 {
		t.Errorf("after two days there are still %+v", got)
	}
}
