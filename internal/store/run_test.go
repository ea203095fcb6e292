package store_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func (w *world) cancel(t *testing.T, id synchook.RunID) []synchook.Hint {
	t.Helper()
	hints, err := w.st.CancelRun(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	return hints
}

func TestARunThatNeverStartedIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	if hints := w.cancel(t, "run_1"); len(hints) != 0 {
		t.Errorf("hints = %+v, want none", hints)
	}
	if r := w.readRun(t, "run_1"); r.State != synchook.RunCancelled || r.Ended.IsZero() {
		t.Errorf("the run is %+v", r)
	}
	if r := w.turn(t, w.first("a")).Rows[0]; r.ID != "run_2" {
		t.Errorf("the lane gives %s", r.ID)
	}
	for state, want := range map[synchook.RunState]int{synchook.RunQueued: 0, synchook.RunRunning: 1, synchook.RunCancelled: 1} {
		list, _, err := w.st.Runs(t.Context(), w.p, store.RunQuery{State: state}, store.Page{})
		if err != nil || len(list) != want {
			t.Errorf("%d runs are %s (%v), want %d", len(list), state, err, want)
		}
	}
}

func TestTheWorkerOfARunningRunIsAskedToCancelIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	run := w.turn(t, w.first("a")).Rows[0]
	w.cancel(t, "run_1")
	if wanted, err := w.st.CancelWanted(t.Context(), w.p, "run_1"); err != nil || !wanted {
		t.Errorf("wanted = %v (%v)", wanted, err)
	}
	done := w.succeeded(run)
	done.Run.State = synchook.RunCancelled
	w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Leave: store.LeaveIdle}, done)
	if r := w.readRun(t, "run_1"); r.State != synchook.RunCancelled || r.CancelWanted {
		t.Errorf("the run is %+v", r)
	}
	w.cancel(t, "run_1") // again: the first reply may have been lost
}

func TestARunThatHasEndedCannotBeCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.workOnce(t, w.run("run_1"))
	_, err := w.st.CancelRun(t.Context(), w.p, "run_1")
	wantKind(t, err, synchook.KindState, "run_has_ended")
	_, err = w.st.CancelRun(t.Context(), w.p, "run_none")
	wantKind(t, err, synchook.KindNotFound, "run_not_found")
}

func TestCancellingARunThatWaitsForItsNextAttemptFreesItsLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	run := w.turn(t, w.first("a")).Rows[0]
	run.State, run.Attempts = synchook.RunQueued, 1
	w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Leave: store.LeaveIdle}, store.RunDone{Run: run, Wait: time.Hour})
	hint := wantHint(t, w.cancel(t, "run_1"), w.lane())
	turn := w.first("b")
	turn.Generation = hint.Generation
	taken := w.turn(t, turn)
	wantWord(t, taken, store.TurnOK, 1)
	if r := taken.Rows[0]; r.ID != "run_1" || !r.CancelWanted {
		t.Errorf("the lane gives %+v, want run_1, to be cancelled", r)
	}
}

// A purge finds what is kept of a run by the time until which it is: sealing a run keeps it for longer.
func TestASealedRunIsKnownForAsLongAsItIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	taken := w.turn(t, w.first("a"))
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: "run_1", Lane: synchook.LaneEvent, Fence: taken.Fence}
	if _, err := w.st.OpenRun(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	slot := "{" + string(w.p) + ":" + string(w.Connection.ID) + "}"
	w.rdb.ZAdd(t.Context(), slot+":kept", redis.Z{Score: 1, Member: "run_1"}) // it was opened long ago
	if _, err := w.st.SealRun(t.Context(), writer, store.Ending{State: synchook.RunSucceeded}); err != nil {
		t.Fatal(err)
	}
	until := time.UnixMilli(int64(w.rdb.ZScore(t.Context(), slot+":kept", "run_1").Val()))
	if left := w.rdb.TTL(t.Context(), slot+":run:run_1").Val(); time.Until(until) < left-time.Minute {
		t.Errorf("it is kept for %s, and known until %s", left, until)
	}
}
