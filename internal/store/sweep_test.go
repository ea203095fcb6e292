package store_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// overdueLanes returns the overdue lanes of the world's project.
func (w *world) overdueLanes(t *testing.T) []store.Overdue {
	t.Helper()
	lanes, err := w.st.OverdueLanes(t.Context(), []synchook.ProjectID{"prj_none", w.p}, 100)
	if err != nil {
		t.Fatal(err)
	}
	return lanes[w.p]
}

// one returns the only overdue lane.
func (w *world) one(t *testing.T) store.Overdue {
	t.Helper()
	lanes := w.overdueLanes(t)
	if len(lanes) != 1 {
		t.Fatalf("overdue lanes = %+v, want one", lanes)
	}
	return lanes[0]
}

func (w *world) rewake(t *testing.T, o store.Overdue, onItsWay bool) []synchook.Hint {
	t.Helper()
	hints, err := w.st.Rewake(t.Context(), w.p, o, onItsWay)
	if err != nil {
		t.Fatal(err)
	}
	return hints
}

func TestALaneIsNotOverdueWhileItsHintMayBeOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	if lanes := w.overdueLanes(t); len(lanes) != 0 {
		t.Errorf("overdue = %+v", lanes)
	}
}

func TestALaneWhoseHintWasLostIsWokenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lost := wantHint(t, w.queue(t, "run_1"), w.lane())
	w.overdue(t, w.lane())
	o := w.one(t)
	if o.Lane != w.lane() || o.Generation != lost.Generation || o.Leased {
		t.Errorf("overdue = %+v, want the lane in the lost hint's generation", o)
	}
	hint := wantHint(t, w.rewake(t, o, false), w.lane())
	if hint.Generation <= lost.Generation {
		t.Errorf("generation %d after %d, want a higher one", hint.Generation, lost.Generation)
	}
	turn := w.first("a")
	turn.Generation = lost.Generation
	wantWord(t, w.turn(t, turn), store.TurnStale, 0) // the lost hint turns up after all
	turn.Generation = hint.Generation
	wantWord(t, w.turn(t, turn), store.TurnOK, 1)
}

func TestOfTwoSweepsOneWakesTheLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	w.overdue(t, w.lane())
	o := w.one(t)
	wantHint(t, w.rewake(t, o, false), w.lane())
	if hints := w.rewake(t, o, false); len(hints) != 0 {
		t.Errorf("the second sweep woke it too: %+v", hints)
	}
}

func TestALaneWhoseWorkerDiedIsWokenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	w.turn(t, w.first("a"))
	w.leaseEnds(t, w.lane())
	o := w.one(t)
	if !o.Leased {
		t.Errorf("overdue = %+v, want it leased", o)
	}
	hint := wantHint(t, w.rewake(t, o, false), w.lane())
	turn := w.first("b")
	turn.Generation = hint.Generation
	wantWord(t, w.turn(t, turn), store.TurnOK, 1)
}

func TestALeasedLaneIsLeftToItsWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hint := wantHint(t, w.queue(t, "run_1"), w.lane())
	w.overdue(t, w.lane())
	w.turn(t, w.first("a")) // it came between the look and the waking
	if hints := w.rewake(t, store.Overdue{Lane: w.lane(), Generation: hint.Generation}, false); len(hints) != 0 {
		t.Errorf("hints = %+v, want none", hints)
	}
	w.overdue(t, w.lane())
	if hints := w.rewake(t, store.Overdue{Lane: w.lane(), Generation: hint.Generation}, false); len(hints) != 0 {
		t.Errorf("a lane whose lease holds was woken: %+v", hints)
	}
}

func TestALaneWithoutRowsGoesToSleep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hint := wantHint(t, w.queue(t, "run_1"), w.lane())
	if _, err := w.st.CancelRun(t.Context(), w.p, "run_1"); err != nil {
		t.Fatal(err)
	}
	w.overdue(t, w.lane())
	if hints := w.rewake(t, w.one(t), false); len(hints) != 0 {
		t.Errorf("an empty lane was woken: %+v", hints)
	}
	if lanes := w.overdueLanes(t); len(lanes) != 0 {
		t.Errorf("an empty lane is still looked after: %+v", lanes)
	}
	if next := wantHint(t, w.queue(t, "run_2"), w.lane()); next.Generation <= hint.Generation {
		t.Errorf("generation %d after %d", next.Generation, hint.Generation)
	}
}

func TestAHintThatIsOnItsWayPostponesTheQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hint := wantHint(t, w.queue(t, "run_1"), w.lane())
	w.overdue(t, w.lane())
	if hints := w.rewake(t, w.one(t), true); len(hints) != 0 {
		t.Errorf("hints = %+v, want none", hints)
	}
	if lanes := w.overdueLanes(t); len(lanes) != 0 {
		t.Errorf("overdue = %+v, want none for now", lanes)
	}
	turn := w.first("a")
	turn.Generation = hint.Generation
	wantWord(t, w.turn(t, turn), store.TurnOK, 1)
}

func TestALaneOfWaitingRetriesIsLookedAfterAtTheirTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	done := attempt(d, synchook.DeliveryPending, 500)
	done.Wait = time.Hour
	leave := at("a", 2)
	leave.Leave = store.LeaveIdle
	left := w.turnDeliveries(t, leave, done)
	due, err := w.rdb.ZScore(t.Context(), w.key("due"), string(w.endpointLane())).Result()
	if err != nil || int64(due) < left.Next.UnixMilli() || int64(due) > left.Next.Add(time.Minute).UnixMilli() {
		t.Errorf("looked after at %v (%v), want within a minute of %v", int64(due), err, left.Next)
	}
}

func TestEachLaneOfManyIsSweptInItsTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, w.run("run_1"), w.manual("run_2"))
	w.owe(t, "Issue")
	for i, lane := range []synchook.LaneID{w.lane(), w.manual("").Lane(), w.endpointLane()} {
		w.rdb.ZAdd(t.Context(), w.key("due"), redis.Z{Score: float64(i + 1), Member: string(lane)})
	}
	lanes, err := w.st.OverdueLanes(t.Context(), []synchook.ProjectID{w.p}, 2)
	if err != nil || len(lanes[w.p]) != 2 || lanes[w.p][0].Lane != w.lane() {
		t.Errorf("two at a time: %+v (%v)", lanes[w.p], err)
	}
	if lanes := w.overdueLanes(t); len(lanes) != 3 {
		t.Errorf("all: %+v", lanes)
	}
}

func TestARoleIsLedByOneAtATime(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	for _, step := range []struct {
		who  string
		want bool
	}{{"a", true}, {"b", false}, {"a", true}} {
		got, err := w.st.Lead(t.Context(), "sweep", step.who, time.Minute)
		if err != nil || got != step.want {
			t.Errorf("%s leads: %v (%v), want %v", step.who, got, err, step.want)
		}
	}
	w.rdb.Del(t.Context(), "synchook:lease:sweep") // it ran out
	if got, _ := w.st.Lead(t.Context(), "sweep", "b", time.Minute); !got {
		t.Error("nobody takes the place of a leader that is gone")
	}
}

// A lease that has longer to live than any is given for was given before Redis's clock was set back.
func TestARoleFindsALeaderWhenRedissClockWasSetBackAndItsLeaderDied(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	lead := func(who string) bool {
		t.Helper()
		leads, err := w.st.Lead(t.Context(), "sweep", who, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return leads
	}
	setBack := func() { w.rdb.PExpire(t.Context(), "synchook:lease:sweep", 11*time.Minute) } // by ten of them
	lead("a")
	setBack()
	if !lead("a") || lead("b") {
		t.Error("a leader that lives loses its role")
	}
	setBack()
	if !lead("b") {
		t.Error("nobody leads for ten minutes")
	}
	if lead("a") {
		t.Error("two lead")
	}
}
