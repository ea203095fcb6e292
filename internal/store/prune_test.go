package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// prune removes all finished rows that ended before the time, a few at each step, and returns how many.
func (w *world) prune(t *testing.T, before time.Time) int {
	t.Helper()
	total := 0
	for _, kind := range store.RowKinds() {
		for pruned := (store.Pruned{}); !pruned.Done; {
			var err error
			if pruned, err = w.st.Prune(t.Context(), w.p, kind, before, 2, pruned.Next); err != nil {
				t.Fatal(err)
			}
			total += pruned.Removed
		}
	}
	return total
}

// inAnHour is a time before which everything has ended by now.
func inAnHour() time.Time { return time.Now().Add(time.Hour) }

func TestPruningRemovesOnlyFinishedRowsThatAreOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(t, w.event("evt_1", "x1", synchook.OutcomeUnmatched))
	w.queue(t, "run_1", "run_2", "run_3", "run_w1", "run_w2", "run_w3")
	turn := w.first("a")
	for range 3 {
		turn.Want = 1
		taken := w.turn(t, turn)
		turn.Number, turn.Want = turn.Number+1, 0
		w.turn(t, turn, w.succeeded(taken.Rows[0], "Issue"))
		turn.Number++
	}
	d := w.turnDeliveries(t, store.Turn{Token: "d", Number: 1, Want: 1, Limit: 1}).Rows[0]
	w.turnDeliveries(t, store.Turn{Token: "d", Number: 2}, attempt(d, synchook.DeliveryDelivered, 200))
	if n := w.prune(t, time.Now().Add(-time.Hour)); n != 0 {
		t.Errorf("%d rows of the last hour were removed", n)
	}
	if n := w.prune(t, inAnHour()); n != 5 {
		t.Errorf("%d rows were removed, want an event, three runs and a delivery", n)
	}
	for id, want := range map[string]int64{
		"event:evt_1": 0, "run:run_1": 0, "run:run_2": 0, "run:run_3": 0, "run:run_w1": 1, "run:run_w3": 1, "dlv:" + string(d.ID): 0,
	} {
		if n := w.rdb.Exists(t.Context(), w.key(id)).Val(); n != want {
			t.Errorf("%s is there %d times, want %d", id, n, want)
		}
	}
	pending, _, err := w.st.Deliveries(t.Context(), w.p, store.DeliveryQuery{States: []synchook.DeliveryState{synchook.DeliveryPending}}, store.Page{})
	if err != nil || len(pending) != 2 {
		t.Errorf("%d deliveries are pending (%v), want 2", len(pending), err)
	}
}

func TestPruningGetsPastOldRowsThatHaveNotFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, w.manual("run_1"), w.manual("run_2"), w.manual("run_3"))
	w.queue(t, "run_4")
	w.cancel(t, "run_4")
	if n := w.prune(t, inAnHour()); n != 1 {
		t.Errorf("%d rows were removed, want 1", n)
	}
}

// What waits for its next attempt has begun, and has not ended.
func TestPruningLeavesWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("d", 1)).Rows[0]
	w.turnDeliveries(t, at("d", 2), attempt(d, synchook.DeliveryExhausted, 500))
	if _, err := w.st.RetryDelivery(t.Context(), w.p, w.readDelivery(t, d.ID)); err != nil {
		t.Fatal(err)
	}
	w.queue(t, "run_1")
	taken := w.turn(t, w.first("r"))
	again := taken.Rows[0]
	again.State, again.Attempts = synchook.RunQueued, 1
	w.turn(t, store.Turn{Lane: w.lane(), Token: "r", Number: 2, Leave: store.LeaveIdle}, store.RunDone{Run: again, Wait: time.Hour})
	w.prune(t, inAnHour())
	if r := w.readRun(t, "run_1"); r.Attempts != 1 {
		t.Errorf("the run that waits is %+v", r)
	}
	if got := w.readDelivery(t, d.ID); got.State != synchook.DeliveryPending {
		t.Errorf("the delivery that waits is %+v", got)
	}
}

func TestAnEventIsKeptAsLongAsAnyOfItsRunsWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	for i := range 101 { // the event names the first 100
		r := w.run(fmt.Sprintf("run_%03d", i))
		r.Event = "evt_1"
		a.Runs = append(a.Runs, r)
	}
	w.accept(t, a)
	turn := w.first("a")
	taken := w.turn(t, turn)
	for range 100 {
		turn.Number++
		taken = w.turn(t, turn, w.succeeded(taken.Rows[0]))
	}
	if n := w.prune(t, inAnHour()); n != 100 {
		t.Errorf("%d rows were pruned while a run of the event is under way, want the 100 runs that ended", n)
	}
	turn.Number, turn.Leave = turn.Number+1, store.LeaveIdle
	w.turn(t, turn, w.succeeded(taken.Rows[0]))
	if n := w.prune(t, inAnHour()); n != 2 {
		t.Errorf("%d rows were pruned afterwards, want the event and its last run", n)
	}
}

func TestAnEventIsKeptForARunThatAPersonAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(t, w.event("evt_1", "x1", synchook.OutcomeUnmatched))
	again := w.run("run_again")
	again.Event = "evt_1"
	w.add(t, again)
	if n := w.prune(t, inAnHour()); n != 0 {
		t.Errorf("%d rows were pruned although a run of the event waits", n)
	}
	w.cancel(t, "run_again")
	if n := w.prune(t, inAnHour()); n != 2 {
		t.Errorf("%d rows were pruned after it was cancelled, want both", n)
	}
}

func TestAnEventIsKeptUntilAllItsRunsAreQueued(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	a.Fanout = true
	w.accept(t, a)
	if n := w.prune(t, inAnHour()); n != 0 {
		t.Errorf("an event that waits for its fan-out was pruned")
	}
}

// An event of a former version does not count its runs.
func TestAnEventThatDoesNotCountItsRunsIsKeptForThoseThatItNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	a.Runs = []synchook.Run{w.run("run_1")}
	w.accept(t, a)
	if err := w.rdb.HDel(t.Context(), w.key("event", "evt_1"), "op").Err(); err != nil {
		t.Fatal(err)
	}
	if n := w.prune(t, inAnHour()); n != 0 {
		t.Errorf("%d rows were pruned although the event's run waits", n)
	}
	w.cancel(t, "run_1")
	if n := w.prune(t, inAnHour()); n != 2 {
		t.Errorf("%d rows were pruned afterwards, want the event and its run", n)
	}
}

func TestPruningLeavesNothingOfAnExhaustedDelivery(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	w.owe(t, "A", "B")
	rows := w.turnDeliveries(t, at("a", 1)).Rows
	failed := attempt(rows[0], synchook.DeliveryPending, 500) // so that it was deferred
	again := w.turnDeliveries(t, at("a", 2), failed, attempt(rows[1], synchook.DeliveryDelivered, 200)).Rows[0]
	leave := store.Turn{Token: "a", Number: 3, Leave: store.LeaveIdle}
	w.turnDeliveries(t, leave, attempt(again, synchook.DeliveryExhausted, 500))
	end := string(w.Project.Endpoint)
	if n := w.rdb.ZCard(t.Context(), w.key("deliveries:exhausted", end)).Val(); n != 1 {
		t.Errorf("the endpoint has %d exhausted deliveries, want one", n)
	}
	if n := w.prune(t, inAnHour()); n != 3 {
		t.Errorf("%d rows were removed, want a run and its two deliveries", n)
	}
	for _, key := range []string{"deliveries:exhausted", "deliveries:exhausted:" + end, "deferred:" + end, "owed", "deliveries"} {
		if n := w.rdb.Exists(t.Context(), w.key(key)).Val(); n != 0 {
			t.Errorf("%s is still there", key)
		}
	}
	w.wantClean(t, "afterwards")
}
