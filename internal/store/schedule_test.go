package store_test

import (
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// scheduled makes a world whose sync runs every hour.
func scheduled(t *testing.T) *world {
	t.Helper()
	return worldOn(t, server(t), func(s *synchook.Sync) { s.Frequency = time.Hour })
}

// due returns the project's due schedules.
func (w *world) due(t *testing.T) []store.Due {
	t.Helper()
	due, err := w.st.DueSchedules(t.Context(), []synchook.ProjectID{"prj_none", w.p}, 10)
	if err != nil {
		t.Fatal(err)
	}
	return due[w.p]
}

func (w *world) fire(t *testing.T, d store.Due) []synchook.Hint {
	t.Helper()
	run := w.run(string(synchook.ScheduledRunID(d.At, d.Connection, d.Sync)))
	run.Trigger = synchook.TriggerSchedule
	next := synchook.NextRun(time.Now(), w.Sync.Sync.Frequency, d.Connection, d.Sync)
	hints, err := w.st.Fire(t.Context(), w.p, d, next, run)
	if err != nil {
		t.Fatal(err)
	}
	return hints
}

func (w *world) status(t *testing.T) synchook.SyncStatus {
	t.Helper()
	status, err := w.st.Status(t.Context(), w.p, w.Connection.ID, w.Sync.Sync.ID)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func TestASyncWithAFrequencyIsDueOnANewConnection(t *testing.T) {
	t.Parallel()
	w := scheduled(t)
	due := w.due(t)
	if len(due) != 1 || due[0].Connection != w.Connection.ID || due[0].Sync != w.Sync.Sync.ID {
		t.Fatalf("due = %+v", due)
	}
	if hourless := newWorld(t); len(hourless.due(t)) != 0 {
		t.Error("a sync without a frequency is due")
	}
}

func TestOfTwoLeadersOneFiresASchedule(t *testing.T) {
	t.Parallel()
	w := scheduled(t)
	d := w.due(t)[0]
	wantHint(t, w.fire(t, d), w.manual("").Lane())
	if hints := w.fire(t, d); len(hints) != 0 {
		t.Errorf("the second leader fired too: %+v", hints)
	}
	if n, err := w.st.Waiting(t.Context(), w.p, w.manual("").Lane()); err != nil || n != 1 {
		t.Errorf("%d runs wait (%v), want 1", n, err)
	}
	next := w.status(t).NextRun
	if wait := time.Until(next); wait <= 0 || wait > time.Hour {
		t.Errorf("next run in %v, want within the hour", wait)
	}
	if due := w.due(t); len(due) != 0 {
		t.Errorf("still due: %+v", due)
	}
}

func TestAScheduleSkipsItsTimeWhileARunWaits(t *testing.T) {
	t.Parallel()
	w := scheduled(t)
	w.add(t, w.manual("run_1"))
	if hints := w.fire(t, w.due(t)[0]); len(hints) != 0 {
		t.Errorf("hints = %+v, want none", hints)
	}
	if n, err := w.st.Waiting(t.Context(), w.p, w.manual("").Lane()); err != nil || n != 1 {
		t.Errorf("%d runs wait (%v), want 1", n, err)
	}
	if next := w.status(t).NextRun; !next.After(time.Now()) {
		t.Errorf("next run at %v, want it to be moved on", next)
	}
}

func TestAPausedSyncIsNotScheduled(t *testing.T) {
	t.Parallel()
	w := scheduled(t)
	cons := []synchook.ConnectionID{w.Connection.ID}
	if err := w.st.Pause(t.Context(), w.p, w.Sync.Sync.ID, cons); err != nil {
		t.Fatal(err)
	}
	if err := w.st.Schedule(t.Context(), w.p, w.Sync.Sync.ID, cons, time.Now()); err != nil { // by a deployment
		t.Fatal(err)
	}
	if status := w.status(t); !status.Paused || !status.NextRun.IsZero() || len(w.due(t)) != 0 {
		t.Errorf("paused: %+v, due %+v", status, w.due(t))
	}
	at := time.Now().Add(-time.Second).Truncate(time.Millisecond)
	if err := w.st.Start(t.Context(), w.p, w.Sync.Sync, cons, at); err != nil {
		t.Fatal(err)
	}
	if status := w.status(t); status.Paused || !status.NextRun.Equal(at) || len(w.due(t)) != 1 {
		t.Errorf("started: %+v, due %+v, want it due at %v", status, w.due(t), at)
	}
}

func TestStartingASyncWithoutAFrequencySchedulesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.st.Start(t.Context(), w.p, w.Sync.Sync, []synchook.ConnectionID{w.Connection.ID}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if due := w.due(t); len(due) != 0 {
		t.Errorf("due = %+v", due)
	}
}

func TestADeploymentDoesNotMoveASchedule(t *testing.T) {
	t.Parallel()
	w := scheduled(t)
	w.fire(t, w.due(t)[0])
	next := w.status(t).NextRun
	if err := w.st.Schedule(t.Context(), w.p, w.Sync.Sync.ID, []synchook.ConnectionID{w.Connection.ID}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := w.status(t).NextRun; !got.Equal(next) {
		t.Errorf("next run at %v, want still %v", got, next)
	}
}

func TestAnUnscheduledSyncIsNoLongerDue(t *testing.T) {
	t.Parallel()
	w := scheduled(t)
	if err := w.st.Unschedule(t.Context(), w.p, w.due(t)[0]); err != nil {
		t.Fatal(err)
	}
	if due := w.due(t); len(due) != 0 {
		t.Errorf("due = %+v", due)
	}
}

func TestAShorterFrequencyBringsAScheduledRunForward(t *testing.T) {
	t.Parallel()
	w := scheduled(t)
	w.fire(t, w.due(t)[0])
	sy := w.Sync.Sync
	sy.Frequency = time.Minute
	cons := []synchook.ConnectionID{w.Connection.ID}
	if err := w.st.Hasten(t.Context(), w.p, sy, cons); err != nil {
		t.Fatal(err)
	}
	if next := w.status(t).NextRun; time.Until(next) > time.Minute {
		t.Errorf("the next run is at %v", next)
	}
	sy.Frequency = 24 * time.Hour
	before := w.status(t).NextRun
	if err := w.st.Hasten(t.Context(), w.p, sy, cons); err != nil || !w.status(t).NextRun.Equal(before) {
		t.Errorf("a longer frequency moved the next run to %v (%v)", w.status(t).NextRun, err)
	}
	if err := w.st.Pause(t.Context(), w.p, sy.ID, cons); err != nil {
		t.Fatal(err)
	}
	if err := w.st.Hasten(t.Context(), w.p, sy, cons); err != nil || !w.status(t).NextRun.IsZero() {
		t.Errorf("a paused sync is scheduled for %v (%v)", w.status(t).NextRun, err)
	}
}
