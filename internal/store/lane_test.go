package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestARowWakesASleepingLaneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hint := wantHint(t, w.queue(t, "run_1", "run_2"), w.lane())
	if hint.Generation != 1 || hint.Project != w.p || hint.At != 0 {
		t.Errorf("hint = %+v, want one of generation 1 for now", hint)
	}
	if hints := w.queue(t, "run_3"); len(hints) != 0 {
		t.Errorf("a lane that is awake was woken again: %+v", hints)
	}
	w.turn(t, w.first("a"))
	if hints := w.queue(t, "run_4"); len(hints) != 0 {
		t.Errorf("a lane with a worker at it was woken: %+v", hints)
	}
}

func TestATurnTakesInOrderOfArrivalWithinTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_z", "run_b", "run_y", "run_a", "run_x")
	turn := w.first("a")
	turn.Want, turn.Limit = 2, 3
	var order []synchook.RunID
	for n, want := range []int{2, 1, 0} { // 3 may be in flight
		turn.Number = n + 1
		taken := w.turn(t, turn)
		wantWord(t, taken, store.TurnOK, want)
		for _, r := range taken.Rows {
			order = append(order, r.ID)
			if r.State != synchook.RunRunning {
				t.Errorf("run %s was taken as %s", r.ID, r.State)
			}
		}
	}
	if want := []synchook.RunID{"run_z", "run_b", "run_y"}; !slices.Equal(order, want) {
		t.Errorf("taken %q, want %q", order, want)
	}
}

func TestRunsKeepTheirOrderWhenTheClockStepsBack(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	w, mr := frozenWorld(t, noon)
	w.queue(t, "run_3")
	mr.SetTime(noon.Add(-time.Hour))
	w.queue(t, "run_2", "run_1")
	turn := w.first("a")
	turn.Want, turn.Limit = 3, 3
	taken := w.turn(t, turn)
	wantWord(t, taken, store.TurnOK, 3)
	for i, want := range []synchook.RunID{"run_3", "run_2", "run_1"} {
		if taken.Rows[i].ID != want {
			t.Errorf("row %d is %s, want %s", i, taken.Rows[i].ID, want)
		}
	}
}

func TestASecondWorkerIsToldBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	w.turn(t, w.first("a"))
	wantWord(t, w.turn(t, w.first("b")), store.TurnBusy, 0)
}

func TestAfterTheLeaseTheNewWorkerHasTheRowsAndTheOldIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	old := w.turn(t, w.first("a"))
	w.leaseEnds(t, w.lane())
	taken := w.turn(t, w.first("b"))
	wantWord(t, taken, store.TurnOK, 1)
	if r := taken.Rows[0]; r.ID != "run_1" || r.Interruptions != 1 || r.State != synchook.RunRunning {
		t.Errorf("the new worker got %+v, want run_1, interrupted once", r)
	}
	if taken.Fence <= old.Fence {
		t.Errorf("fence %d after %d, want a higher one", taken.Fence, old.Fence)
	}
	late := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1}, w.succeeded(old.Rows[0], "Issue"))
	wantWord(t, late, store.TurnLost, 0)
	if r := w.readRun(t, "run_1"); r.State != synchook.RunRunning || len(r.Deliveries) != 0 {
		t.Errorf("what the lost worker handed in counted: %+v", r)
	}
}

func TestAFenceThatAFailoverForgotIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	lane := w.key("lane", string(w.lane()))
	w.rdb.HSet(t.Context(), lane, "fence", 41)
	first := w.turn(t, w.first("a"))
	w.rdb.HSet(t.Context(), lane, "fence", 1, "tok", "")
	if second := w.turn(t, w.first("b")); second.Fence < first.Fence {
		t.Errorf("fence %d after %d, want none that is lower", second.Fence, first.Fence)
	}
}

// Of a lane whose last turns are forgotten, nobody knows which rows are in flight: were its worker to go on,
// it would keep the lane with a row that it has handed in long ago.
func TestAWorkerWhoseTurnsAFailoverForgotLosesTheLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	first := w.turn(t, w.first("a"))
	w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1}, w.succeeded(first.Rows[0]))
	if err := w.rdb.HSet(t.Context(), w.key("lane", string(w.lane())), "num", 1).Err(); err != nil {
		t.Fatal(err)
	}
	wantWord(t, w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 3, Want: 1, Limit: 1}), store.TurnLost, 0)
	w.leaseEnds(t, w.lane())
	wantWord(t, w.turn(t, w.first("b")), store.TurnOK, 1)
}

func TestAWorkerWhoseLeaseRanOutGoesOnWhileNobodyTookTheLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	taken := w.turn(t, w.first("a"))
	w.leaseEnds(t, w.lane())
	wantWord(t, w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Leave: store.LeaveIdle}, w.succeeded(taken.Rows[0])), store.TurnLeft, 0)
	if r := w.readRun(t, "run_1"); r.State != synchook.RunSucceeded {
		t.Errorf("the run is %s", r.State)
	}
}

func TestATurnSentAgainGetsTheSameRowsAndHandsNothingInTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2", "run_3")
	first := w.turn(t, w.first("a"))
	if again := w.turn(t, w.first("a")); again.Word != store.TurnOK || again.Rows[0].ID != first.Rows[0].ID || again.Fence != first.Fence {
		t.Errorf("sent again: %+v, want the same as %+v", again, first)
	}
	second := store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1}
	done := w.succeeded(first.Rows[0], "Issue")
	for range 3 {
		taken := w.turn(t, second, done)
		wantWord(t, taken, store.TurnOK, 1)
		if taken.Rows[0].ID != "run_2" {
			t.Errorf("the second turn gives %s, want run_2", taken.Rows[0].ID)
		}
	}
	if n, err := w.st.Waiting(t.Context(), w.p, w.endpointLane()); err != nil || n != 1 {
		t.Errorf("%d deliveries wait (%v), want 1", n, err)
	}
}

func TestAHintOfAnOlderGenerationIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hint := wantHint(t, w.queue(t, "run_1"), w.lane())
	stale, fresh := w.first("a"), w.first("b")
	stale.Generation, fresh.Generation = hint.Generation+1, hint.Generation
	wantWord(t, w.turn(t, stale), store.TurnStale, 0)
	wantWord(t, w.turn(t, fresh), store.TurnOK, 1)
}

func TestALaneLeftIdleIsWokenByTheNextRowWithAHigherGeneration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := wantHint(t, w.queue(t, "run_1"), w.lane())
	taken := w.turn(t, w.first("a"))
	left := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1, Leave: store.LeaveIdle}, w.succeeded(taken.Rows[0]))
	wantWord(t, left, store.TurnLeft, 0)
	if len(left.Hints) != 0 {
		t.Errorf("an empty lane asks for hints: %+v", left.Hints)
	}
	next := wantHint(t, w.queue(t, "run_2"), w.lane())
	if next.Generation <= old.Generation {
		t.Errorf("generation %d after %d, want a higher one", next.Generation, old.Generation)
	}
	wantWord(t, w.turn(t, w.first("b")), store.TurnOK, 1)
}

func TestLeavingIdleStaysWhileRowsAreInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	w.turn(t, w.first("a"))
	wantWord(t, w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1, Leave: store.LeaveIdle}), store.TurnOK, 0)
	wantWord(t, w.turn(t, w.first("b")), store.TurnBusy, 0)
}

func TestALaneLeftNowWithRowsWaitingAsksForAnotherHint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	taken := w.turn(t, w.first("a"))
	left := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Limit: 1, Leave: store.LeaveNow}, w.succeeded(taken.Rows[0]))
	wantWord(t, left, store.TurnLeft, 0)
	hint := wantHint(t, left.Hints, w.lane())
	next := w.first("b")
	next.Generation = hint.Generation
	wantWord(t, w.turn(t, next), store.TurnOK, 1)
}

func TestARunThatWaitsForItsNextAttemptHoldsItsLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	taken := w.turn(t, w.first("a"))
	run := taken.Rows[0]
	run.State, run.Attempts, run.Error = synchook.RunQueued, 1, "the script failed"
	left := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1, Leave: store.LeaveIdle},
		store.RunDone{Run: run, Wait: time.Hour})
	wantWord(t, left, store.TurnLeft, 0)
	due := left.Now.Add(time.Hour)
	hint := wantHint(t, left.Hints, w.lane())
	if off := time.UnixMilli(hint.At).Sub(due).Abs(); off > time.Minute || !left.Next.Equal(due) {
		t.Errorf("the hint is %v off, next %v; want %v", off, left.Next, due)
	}
	if r := w.readRun(t, "run_1"); r.State != synchook.RunQueued || r.Error != "the script failed" || !r.NotBefore.Equal(due) {
		t.Errorf("the run that waits is %+v", r)
	}
	early := w.first("b")
	early.Leave = store.LeaveIdle
	wantWord(t, w.turn(t, early), store.TurnLeft, 0)
	w.rdb.HSet(t.Context(), w.key("lane", string(w.lane())), "nb", 1) // the hour is over
	later := w.turn(t, w.first("c"))
	wantWord(t, later, store.TurnOK, 1)
	if r := later.Rows[0]; r.ID != "run_1" || r.Attempts != 1 || r.Interruptions != 0 {
		t.Errorf("after the wait comes %+v, want run_1 with one attempt", r)
	}
}

func TestARunThatGoesBackCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	run := w.turn(t, w.first("a")).Rows[0]
	run.State = synchook.RunQueued
	left := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Limit: 1, Leave: store.LeaveNow}, store.RunDone{Run: run, Back: true})
	wantWord(t, left, store.TurnLeft, 0)
	wantHint(t, left.Hints, w.lane())
	if r := w.readRun(t, "run_1"); r.State != synchook.RunQueued {
		t.Errorf("it went back as %s", r.State)
	}
	again := w.turn(t, w.first("b"))
	if r := again.Rows[0]; r.ID != "run_1" || r.Attempts != 0 || r.Interruptions != 0 || r.State != synchook.RunRunning {
		t.Errorf("it comes again as %+v", r)
	}
}

func TestInterruptionsAreCountedForEachTakeOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	for n, token := range []string{"a", "b", "c"} {
		if r := w.turn(t, w.first(token)).Rows[0]; r.Interruptions != n {
			t.Errorf("worker %s finds %d interruptions, want %d", token, r.Interruptions, n)
		}
		w.leaseEnds(t, w.lane())
	}
}

func TestEventRunsDoNotWaitBehindFullRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hints := w.add(t, w.manual("run_f"), w.run("run_e"))
	if len(hints) != 2 || hints[0].Lane == hints[1].Lane {
		t.Fatalf("hints = %+v, want one for each lane", hints)
	}
	full := w.first("a")
	full.Lane = w.manual("").Lane()
	wantWord(t, w.turn(t, full), store.TurnOK, 1)
	if r := w.turn(t, w.first("b")).Rows[0]; r.ID != "run_e" {
		t.Errorf("the lane of events gives %s", r.ID)
	}
}

func TestOnlyASucceededFullRunMovesTheLastSyncDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failed := w.succeeded(synchook.Run{})
	for _, step := range []struct {
		run   synchook.Run
		state synchook.RunState
		moves bool
	}{
		{w.run("run_1"), synchook.RunSucceeded, false},
		{w.manual("run_2"), synchook.RunFailed, false},
		{w.manual("run_3"), synchook.RunSucceeded, true},
	} {
		w.add(t, step.run)
		turn := w.first("a")
		turn.Lane = step.run.Lane()
		done := w.succeeded(w.turn(t, turn).Rows[0])
		done.Run.State = step.state
		w.turn(t, store.Turn{Lane: turn.Lane, Token: "a", Number: 2, Leave: store.LeaveIdle}, done)
		status, err := w.st.Status(t.Context(), w.p, w.Connection.ID, w.Sync.Sync.ID)
		if err != nil || status.LastSync.IsZero() == step.moves {
			t.Errorf("after %s (%s): last sync %v (%v)", step.run.ID, step.state, status.LastSync, err)
		}
		if step.moves && !status.LastSync.Equal(failed.Run.Started) {
			t.Errorf("last sync %v, want the run's start %v", status.LastSync, failed.Run.Started)
		}
	}
}
