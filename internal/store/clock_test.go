package store_test

import (
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestALeaseRunsOutInTimeWhenTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	noon := time.Now().Truncate(time.Second)
	w, mr := frozenWorld(t, noon)
	w.queue(t, "run_1")
	wantWord(t, w.turn(t, w.first("dies")), store.TurnOK, 1)
	back := noon.Add(-10 * time.Minute)
	mr.SetTime(back)
	wantWord(t, w.turn(t, w.first("a")), store.TurnBusy, 0)
	mr.SetTime(back.Add(store.LeaseTime + time.Second))
	if o := w.one(t); !o.Leased || o.Late != time.Second {
		t.Errorf("overdue: %+v, want the lease that ran out a second ago", o)
	}
	wantWord(t, w.turn(t, w.first("a")), store.TurnOK, 1)
}

func TestATurnSentAgainRenewsTheLease(t *testing.T) {
	t.Parallel()
	noon := time.Now().Truncate(time.Second)
	w, mr := frozenWorld(t, noon)
	w.queue(t, "run_1")
	for now := noon; now.Before(noon.Add(time.Minute)); now = now.Add(store.LeaseTime - time.Second) {
		mr.SetTime(now) // its replies are lost, or too few replicas have it, for a minute
		wantWord(t, w.turn(t, w.first("a")), store.TurnOK, 1)
		if lanes := w.overdueLanes(t); len(lanes) != 0 {
			t.Fatalf("after %v its lane is overdue: %+v", now.Sub(noon), lanes)
		}
		wantWord(t, w.turn(t, w.first("b")), store.TurnBusy, 0)
	}
}

func TestARetryComesInTimeWhenTheClockWasSetBackAndAgainWhenItIsRight(t *testing.T) {
	t.Parallel()
	noon := time.Now().Truncate(time.Second)
	w, mr := frozenWorld(t, noon)
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	again := func(number int) {
		t.Helper()
		failed := attempt(d, synchook.DeliveryPending, 500)
		failed.Wait = 5 * time.Second
		wantWord(t, w.turnDeliveries(t, at("a", number), failed), store.TurnOK, 0)
	}
	again(2)
	back := noon.Add(-10 * time.Minute)
	mr.SetTime(back)
	wantWord(t, w.turnDeliveries(t, at("a", 3)), store.TurnOK, 0)
	mr.SetTime(back.Add(5 * time.Second))
	wantWord(t, w.turnDeliveries(t, at("a", 4)), store.TurnOK, 1)
	again(5)
	mr.SetTime(noon.Add(10 * time.Second)) // and it is set right
	wantWord(t, w.turnDeliveries(t, at("a", 6)), store.TurnOK, 1)
	if ahead := w.rdb.Exists(t.Context(), "{"+string(w.p)+"}:ahead").Val(); ahead != 0 {
		t.Error("it still counts by how much the clock was set back")
	}
}

func TestAHintComesByTheClockOfWhoCarriesIt(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		w, _ := frozenWorld(t, time.Now().Add(skew))
		w.queue(t, "run_1")
		run := w.turn(t, w.first("a")).Rows[0]
		run.State = synchook.RunQueued
		left := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1, Leave: store.LeaveIdle},
			store.RunDone{Run: run, Wait: time.Hour})
		hint := wantHint(t, left.Hints, w.lane())
		if off := time.Until(time.UnixMilli(hint.At)) - time.Hour; off.Abs() > 20*time.Second {
			t.Errorf("on a Redis whose clock is %v off, the hint is %v off", skew, off)
		}
	}
}

func TestTheSweepSeesLanesOfARedisWhoseClockIsAnother(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		noon := time.Now().Add(skew)
		w, mr := frozenWorld(t, noon)
		w.queue(t, "run_1")
		mr.SetTime(noon.Add(time.Minute))
		if o := w.one(t); o.Leased {
			t.Errorf("overdue: %+v", o)
		}
	}
}

func TestTheSweepSeesLanesOfAProjectThatIsFarAhead(t *testing.T) {
	t.Parallel()
	noon := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	w, mr := frozenWorld(t, noon)
	w.queue(t, "run_1")
	wantWord(t, w.turn(t, w.first("dies")), store.TurnOK, 1)
	back := noon.Add(-24 * time.Hour)
	mr.SetTime(back)
	if lanes := w.overdueLanes(t); len(lanes) != 0 { // nobody but the sweep comes by
		t.Errorf("overdue = %+v", lanes)
	}
	mr.SetTime(back.Add(store.LeaseTime + time.Second))
	if o := w.one(t); !o.Leased || o.Late != time.Second {
		t.Errorf("overdue: %+v, want the lease that ran out a second ago", o)
	}
}
