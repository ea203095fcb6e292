package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestOneWebhookOfAKeyIsSentInItsMinimumInterval(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	first, hints := w.change(t, "Issue", 1, 1, every(time.Minute))
	wantHint(t, hints, w.endpointLane())
	if d := w.readDelivery(t, first); !d.Due.Equal(noon) || d.Cause != synchook.WaitSchedule {
		t.Errorf("the first of all is %+v, want it due", d)
	}
	sent := noon.Add(10 * time.Second)
	mr.SetTime(sent)
	if got := w.sendAll(t, "a", 10); len(got) != 1 || got[0].ID != first {
		t.Fatalf("sent were %+v", got)
	}
	due := sent.Add(time.Minute)
	var last synchook.DeliveryID
	for n := range 5 {
		mr.SetTime(sent.Add(time.Duration(n) * time.Second))
		id, hints := w.change(t, "Issue", 10, 10-n, every(time.Minute))
		if n == 0 {
			want := synchook.Hint{Project: w.p, Lane: w.endpointLane(), At: hints[0].At, Delivery: id}
			if len(hints) != 1 || hints[0] != want || time.Until(time.UnixMilli(hints[0].At)) < 59*time.Second {
				t.Errorf("hints %+v, want %+v", hints, want)
			}
		} else if w.wantSuperseded(t, last, id); len(hints) != 0 {
			t.Errorf("hints %+v, want none: that of the first one comes", hints)
		}
		if d := w.readDelivery(t, id); !d.Due.Equal(due) || d.Cause != synchook.WaitInterval || d.State != synchook.DeliveryPending {
			t.Errorf("inside the interval it is %+v, want it due at %v", d, due)
		}
		last = id
		w.wantClean(t, "inside the interval")
	}
	other, _ := w.change(t, "User", 1, 1, every(time.Minute))
	if got := w.sendAll(t, "b", 10); len(got) != 1 || got[0].ID != other {
		t.Errorf("sent were %+v, want only that of another model", got)
	}
	mr.SetTime(due)
	if got := w.sendAll(t, "c", 10); len(got) != 1 || got[0].ID != last {
		t.Errorf("sent were %+v, want %s", got, last)
	}
	w.wantTold(t, last, 50, 6)
	mr.SetTime(due.Add(time.Hour))
	w.change(t, "Issue", 1, 1, every(time.Minute))
	if got := w.sendAll(t, "d", 10); len(got) != 1 {
		t.Errorf("sent were %+v, want one at once: the interval is long over", got)
	}
	if n := w.rdb.ZCard(t.Context(), w.key("sent", string(w.Project.Endpoint))).Val(); n != 1 {
		t.Errorf("of %d keys is known when they were sent last, want 1", n)
	}
}

func TestTwoOfAKeyThatAreDueAtOnceBecomeOneWithAMinimumInterval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, _ := w.change(t, "Issue", 1, 1, every(time.Minute))
	second, _ := w.change(t, "Issue", 2, 2, every(time.Minute))
	w.wantSuperseded(t, first, second)
	flying := w.turnDeliveries(t, at("a", 1)).Rows
	third, _ := w.change(t, "Issue", 4, 3, every(time.Minute))
	w.wantTold(t, second, 3, 1)
	w.wantTold(t, third, 4, 3)
	// Interrupted, the one in flight goes again, as one with what came meanwhile, when the interval is over.
	w.turnDeliveries(t, store.Turn{Token: "a", Number: 2, Limit: 10, Leave: store.LeaveNow}, store.DeliveryDone{Delivery: flying[0], Back: true})
	taken := w.turnDeliveries(t, store.Turn{Token: "b", Number: 1, Want: 5, Limit: 5, Leave: store.LeaveIdle})
	wantWord(t, taken, store.TurnLeft, 0)
	w.wantSuperseded(t, second, third)
	w.wantTold(t, third, 7, 1)
	if wait := taken.Next.Sub(taken.Now); wait < 50*time.Second || wait > time.Minute {
		t.Errorf("the next one is due in %v", wait)
	}
}

func TestAFailedAttemptIsRetriedOnScheduleWhateverTheInterval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(t, "Issue", 1, 1, every(time.Hour))
	flying := w.turnDeliveries(t, at("a", 1)).Rows[0]
	second, _ := w.change(t, "Issue", 2, 2, every(time.Hour))
	w.fails(t, "a", flying, 5*time.Second)
	if d := w.readDelivery(t, second); time.Until(d.Due) > 10*time.Second || d.Cause != synchook.WaitSchedule {
		t.Errorf("the one that took its place is %+v, want it due when the retry was", d)
	}
}

func TestASleepingLaneIsLookedAfterWhenWhatWaitsForItsIntervalIsDue(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	w.change(t, "Issue", 1, 1, every(time.Hour))
	w.sendAll(t, "a", 5)
	id, hints := w.change(t, "Issue", 1, 1, every(time.Hour))
	hint := hints[0]
	if late := w.overdueLanes(t); len(late) != 0 {
		t.Errorf("overdue: %+v", late)
	}
	mr.SetTime(noon.Add(time.Hour))
	turn := store.Turn{Token: "b", Number: 1, Generation: hint.Generation, Want: 1, Limit: 1}
	if taken := w.turnDeliveries(t, turn); len(taken.Rows) != 1 || taken.Rows[0].ID != id {
		t.Errorf("at its time the hint takes %+v", taken)
	}
	mr.SetTime(noon.Add(time.Hour + 16*time.Second))
	if late := w.overdueLanes(t); len(late) != 1 || late[0].Lane != w.endpointLane() {
		t.Errorf("overdue without it: %+v", late)
	}
}

func TestOfWhatBecameOneNothingIsLeft(t *testing.T) {
	t.Parallel()
	leftovers := func(t *testing.T, w *world) (left []string) {
		t.Helper()
		for key := range w.dump(t) {
			if strings.Contains(key, string(w.p)) && (strings.Contains(key, ":co:") || strings.Contains(key, ":sent:")) {
				left = append(left, key)
			}
		}
		return left
	}
	to := func(end synchook.EndpointID) func(*synchook.Delivery) {
		return func(d *synchook.Delivery) { d.Endpoint, d.Interval = end, time.Hour }
	}
	t.Run("when a connection is deleted", func(t *testing.T) {
		t.Parallel()
		w := worldOn(t, ownServer(t))
		w.change(t, "Issue", 1, 1, every(time.Hour))
		w.sendAll(t, "a", 5)
		w.change(t, "Issue", 1, 1, every(time.Hour))
		w.change(t, "Issue", 1, 1, every(time.Hour))
		if n := len(leftovers(t, w)); n != 2 {
			t.Errorf("%d keys, want 2", n)
		}
		if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
			t.Fatal(err)
		}
		w.purge(t)
		w.wantGone(t, string(w.Connection.ID))
		if left := leftovers(t, w); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
	t.Run("when an endpoint is deleted", func(t *testing.T) {
		t.Parallel()
		w := worldOn(t, ownServer(t))
		end := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID
		w.change(t, "Issue", 1, 1, to(end))
		lane := synchook.DeliveryLane(end)
		taken, err := w.st.TurnDeliveries(t.Context(), w.p, store.Turn{Lane: lane, Token: "a", Number: 1, Want: 5, Limit: 5}, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.change(t, "Issue", 1, 1, to(end))
		if _, err := w.st.DeleteEndpoint(t.Context(), synchook.Caller{Project: w.p}, end); err != nil {
			t.Fatal(err)
		}
		done := attempt(taken.Rows[0], synchook.DeliveryCancelled, 0)
		waits := w.deliveriesIn(t, synchook.DeliveryPending)[0]
		if _, err := w.st.RetryDelivery(t.Context(), w.p, waits); err != nil {
			t.Fatal(err)
		}
		taken, err = w.st.TurnDeliveries(t.Context(), w.p, store.Turn{Lane: lane, Token: "a", Number: 2, Want: 5, Limit: 5}, []store.DeliveryDone{done})
		if err != nil || len(taken.Rows) != 1 {
			t.Fatalf("taken are %+v (%v)", taken, err)
		}
		last := store.Turn{Lane: lane, Token: "a", Number: 3, Leave: store.LeaveIdle}
		if _, err := w.st.TurnDeliveries(t.Context(), w.p, last, []store.DeliveryDone{attempt(taken.Rows[0], synchook.DeliveryCancelled, 0)}); err != nil {
			t.Fatal(err)
		}
		if left := leftovers(t, w); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
		w.wantClean(t, "at the end")
	})
	t.Run("when all is delivered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id, _ := w.change(t, "Issue", 1, 1)
		w.sendAll(t, "a", 5)
		if left := leftovers(t, w); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
		for _, field := range w.rdb.HKeys(t.Context(), w.key("dlv", string(id))).Val() {
			if field == "co" || field == "tk" || field == "wt" {
				t.Errorf("a delivered webhook keeps %s", field)
			}
		}
	})
}
