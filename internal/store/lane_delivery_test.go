package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// at returns a worker's turn on the lane of deliveries.
func at(token string, number int) store.Turn {
	return store.Turn{Token: token, Number: number, Want: 10, Limit: 10}
}

func attempt(d synchook.Delivery, state synchook.DeliveryState, status int) store.DeliveryDone {
	d.State, d.LastStatus, d.Reason = state, status, "the endpoint answered"
	d.Attempts++
	return store.DeliveryDone{Delivery: d, Attempt: &synchook.Attempt{
		Number: d.Attempts, Started: time.UnixMilli(1_700_000_000_000).UTC(), Duration: 1500 * time.Microsecond, Status: status,
		Error: "no", Response: []byte("\x00answer"),
	}}
}

func TestAHandedInRunWakesTheLaneOfItsEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hint := wantHint(t, w.owe(t, "Issue", "User"), w.endpointLane())
	turn := at("d", 1)
	turn.Generation = hint.Generation
	taken := w.turnDeliveries(t, turn)
	wantWord(t, taken, store.TurnOK, 2)
	for _, d := range taken.Rows {
		if string(d.Body) != `{"model":"`+d.Model+`"}` || d.State != synchook.DeliveryPending || d.Created.IsZero() {
			t.Errorf("delivery = %+v, body %s", d, d.Body)
		}
	}
	run := w.readRun(t, taken.Rows[0].Run)
	if run.State != synchook.RunSucceeded || len(run.Deliveries) != 2 || run.Ended.IsZero() {
		t.Errorf("the run = %+v, want it succeeded with two deliveries", run)
	}
}

func TestDeliveriesOfOneMomentAreAllDue(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	w, mr := frozenWorld(t, noon)
	w.owe(t, "A", "B", "C")
	wantWord(t, w.turnDeliveries(t, at("a", 1)), store.TurnOK, 3)
	mr.SetTime(noon.Add(-500 * time.Millisecond)) // a clock that steps back hides none either
	w.owe(t, "D")
	wantWord(t, w.turnDeliveries(t, at("a", 2)), store.TurnOK, 1)
}

func TestARetryIsDueAtItsTime(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	w, mr := frozenWorld(t, noon)
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	failed := attempt(d, synchook.DeliveryPending, 500)
	failed.Wait = 5 * time.Second
	leave := at("a", 2)
	leave.Leave = store.LeaveIdle
	left := w.turnDeliveries(t, leave, failed)
	wantWord(t, left, store.TurnLeft, 0)
	due := noon.Add(5 * time.Second)
	if !left.Next.Equal(due) || len(left.Hints) != 0 {
		t.Errorf("next %v, hints %+v; want %v and none: the delivery has a hint of its own", left.Next, left.Hints, due)
	}
	if got := w.readDelivery(t, d.ID); !got.Due.Equal(due) || got.Attempts != 1 || got.LastStatus != 500 {
		t.Errorf("the delivery that waits is %+v", got)
	}
	for _, step := range []struct {
		at   time.Time
		rows int
	}{{due.Add(-time.Millisecond), 0}, {due, 1}} {
		mr.SetTime(step.at)
		turn := at(step.at.String(), 1)
		turn.Leave = store.LeaveIdle
		if taken := w.turnDeliveries(t, turn); len(taken.Rows) != step.rows {
			t.Errorf("at %v there are %d due, want %d", step.at, len(taken.Rows), step.rows)
		}
	}
}

func TestEachAttemptIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	first := attempt(d, synchook.DeliveryPending, 500)
	d = w.turnDeliveries(t, at("a", 2), first).Rows[0]
	last := attempt(d, synchook.DeliveryDelivered, 204)
	w.turnDeliveries(t, at("a", 3), last)
	got := w.readDelivery(t, d.ID)
	if got.State != synchook.DeliveryDelivered || got.Attempts != 2 || got.LastStatus != 204 || got.Ended.IsZero() || !got.Due.IsZero() {
		t.Errorf("the delivery ended as %+v", got)
	}
	body, attempts, err := w.st.DeliveryAttempts(t.Context(), w.p, d.ID)
	if err != nil || string(body) != `{"model":"Issue"}` || len(attempts) != 2 {
		t.Fatalf("body %s, %d attempts (%v), want 2", body, len(attempts), err)
	}
	for i, want := range []*synchook.Attempt{first.Attempt, last.Attempt} {
		a := attempts[i]
		if a.Number != want.Number || !a.Started.Equal(want.Started) || a.Duration != want.Duration || a.Status != want.Status ||
			a.Error != want.Error || string(a.Response) != string(want.Response) {
			t.Errorf("attempt %d = %+v, want %+v", i+1, a, *want)
		}
	}
}

func TestADeliveryThatGoesBackCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	leave := at("a", 2)
	leave.Leave, leave.Want = store.LeaveNow, 0
	left := w.turnDeliveries(t, leave, store.DeliveryDone{Delivery: d, Back: true})
	wantWord(t, left, store.TurnLeft, 0)
	wantHint(t, left.Hints, w.endpointLane())
	again := w.turnDeliveries(t, at("b", 1))
	wantWord(t, again, store.TurnOK, 1)
	if again.Rows[0].Attempts != 0 || again.Rows[0].ID != d.ID {
		t.Errorf("it comes again as %+v", again.Rows[0])
	}
}

func TestADeliveryWhoseWorkerDiedIsDueAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	old := w.turnDeliveries(t, at("a", 1)).Rows[0]
	w.leaseEnds(t, w.endpointLane())
	taken := w.turnDeliveries(t, at("b", 1))
	wantWord(t, taken, store.TurnOK, 1)
	wantWord(t, w.turnDeliveries(t, at("a", 2), attempt(old, synchook.DeliveryExhausted, 500)), store.TurnLost, 0)
	if d := w.readDelivery(t, old.ID); d.State != synchook.DeliveryPending || d.Attempts != 0 {
		t.Errorf("what the lost worker handed in counted: %+v", d)
	}
}

func TestHandingADeliveryInTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "A", "B")
	turn := at("a", 1)
	turn.Want = 1
	d := w.turnDeliveries(t, turn).Rows[0]
	done := attempt(d, synchook.DeliveryPending, 500)
	done.Wait = time.Hour
	for range 2 {
		w.turnDeliveries(t, at("a", 2), done)
	}
	if got := w.readDelivery(t, d.ID); got.Attempts != 1 {
		t.Errorf("%d attempts, want 1", got.Attempts)
	}
}

func TestRetryingADelivery(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		state synchook.DeliveryState
		wait  time.Duration
		used  int // of its schedule, afterwards
	}{
		"that waits makes it due now":       {synchook.DeliveryPending, time.Hour, 1},
		"that was delivered sends it again": {synchook.DeliveryDelivered, 0, 0},
		"that is exhausted tries it again":  {synchook.DeliveryExhausted, 0, 0},
		"that was cancelled makes it due":   {synchook.DeliveryCancelled, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.owe(t, "Issue")
			d := w.turnDeliveries(t, at("a", 1)).Rows[0]
			done := attempt(d, tt.state, 500)
			done.Wait = tt.wait
			leave := at("a", 2)
			leave.Leave = store.LeaveIdle
			w.turnDeliveries(t, leave, done)
			hints, err := w.st.RetryDelivery(t.Context(), w.p, w.readDelivery(t, d.ID))
			if err != nil {
				t.Fatal(err)
			}
			wantHint(t, hints, w.endpointLane())
			taken := w.turnDeliveries(t, at("b", 1))
			wantWord(t, taken, store.TurnOK, 1)
			got := w.readDelivery(t, d.ID)
			if got.State != synchook.DeliveryPending || !got.Ended.IsZero() || taken.Rows[0].Attempts != 1 || string(taken.Rows[0].Body) != `{"model":"Issue"}` {
				t.Errorf("it comes again as %+v", got)
			}
			if row := taken.Rows[0]; got.Used() != tt.used || row.Used() != tt.used || got.Renewed.IsZero() != (tt.used > 0) || !row.Renewed.Equal(got.Renewed) {
				t.Errorf("%d attempts of its schedule are used, renewed at %v, and its worker is told %d; want %d", got.Used(), got.Renewed, row.Used(), tt.used)
			}
			wantListed(t, w, synchook.DeliveryPending, d.ID)
		})
	}
}

func TestRetryingADeliveryInFlightChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	hints, err := w.st.RetryDelivery(t.Context(), w.p, d)
	if err != nil || len(hints) != 0 {
		t.Errorf("hints %+v (%v), want none", hints, err)
	}
	wantWord(t, w.turnDeliveries(t, at("a", 2), attempt(d, synchook.DeliveryDelivered, 200)), store.TurnOK, 0)
	_, err = w.st.RetryDelivery(t.Context(), w.p, synchook.Delivery{ID: "dlv_none", DeliveryFacts: d.DeliveryFacts})
	wantKind(t, err, synchook.KindNotFound, "delivery_not_found")
}

// wantListed fails unless the delivery is listed in that state and in no other.
func wantListed(t *testing.T, w *world, state synchook.DeliveryState, id synchook.DeliveryID) {
	t.Helper()
	for _, s := range []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryDelivered, synchook.DeliveryExhausted, synchook.DeliveryCancelled, synchook.DeliverySuperseded} {
		list, _, err := w.st.Deliveries(t.Context(), w.p, store.DeliveryQuery{States: []synchook.DeliveryState{s}}, store.Page{})
		if err != nil || slices.ContainsFunc(list, func(d synchook.Delivery) bool { return d.ID == id }) != (s == state) {
			t.Errorf("as %s are listed %+v (%v), want %s only as %s", s, list, err, id, state)
		}
	}
}

func TestWatchersHearOfEachChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	changes, err := w.st.WatchDeliveries(t.Context(), w.p)
	if err != nil {
		t.Fatal(err)
	}
	w.owe(t, "Issue")
	made := <-changes
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	w.turnDeliveries(t, at("a", 2), attempt(d, synchook.DeliveryDelivered, 200))
	ended := <-changes
	if len(made) != 1 || made[0] != d.ID || len(ended) != 1 || ended[0] != d.ID {
		t.Errorf("heard of %q and %q, want %s twice", made, ended, d.ID)
	}
}

func TestTheLastFiftyAttemptsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	taken := w.turnDeliveries(t, at("d", 1))
	for n := 2; n <= 61; n++ {
		done := attempt(taken.Rows[0], synchook.DeliveryPending, 500)
		done.Delivery.Throttled = 7
		taken = w.turnDeliveries(t, at("d", n), done)
		wantWord(t, taken, store.TurnOK, 1)
	}
	if got := taken.Rows[0]; got.Attempts != 60 || got.Throttled != 7 {
		t.Errorf("after 60 attempts the delivery is %+v", got)
	}
	_, attempts, err := w.st.DeliveryAttempts(t.Context(), w.p, taken.Rows[0].ID)
	if err != nil || len(attempts) != 50 || attempts[0].Number != 11 {
		t.Errorf("%d attempts are shown, from %+v (%v)", len(attempts), attempts[0], err)
	}
	if n := w.rdb.HLen(t.Context(), w.key("dlv", string(taken.Rows[0].ID))).Val(); n > 62 {
		t.Errorf("the delivery has %d fields", n)
	}
}

func TestAWatchEndsWhenItCouldHaveMissedSomething(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	changes, err := w.st.WatchDeliveries(t.Context(), w.p)
	if err != nil {
		t.Fatal(err)
	}
	w.owe(t, "Issue")
	if ids := <-changes; len(ids) != 1 {
		t.Errorf("changed: %v", ids)
	}
	if err := w.rdb.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
		t.Fatal(err)
	}
	for range changes { // it closes: a caller then knows that it must look again
	}
}

func TestALateHintOfAProjectThatIsGoneLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.p = synchook.ProjectID(synchook.NewID(synchook.ProjectPrefix, time.Now()))
	wantWord(t, w.turnDeliveries(t, at("late", 1)), store.TurnLost, 0)
	if left := w.mentions(t, string(w.p)); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}
