package store_test

import (
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// idle is a worker's turn that leaves the lane when nothing may be taken.
func idle(token string, number int) store.Turn {
	turn := at(token, number)
	turn.Leave = store.LeaveIdle
	return turn
}

func (w *world) hold(t *testing.T, kind synchook.EndpointState, why string) {
	t.Helper()
	if err := w.st.HoldLane(t.Context(), w.caller(), w.Project.Endpoint, kind, why); err != nil {
		t.Fatal(err)
	}
}

func (w *world) release(t *testing.T) []synchook.Hint {
	t.Helper()
	hints, err := w.st.ReleaseLane(t.Context(), w.caller(), w.Project.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return hints
}

func (w *world) stands(t *testing.T) store.EndpointLane {
	t.Helper()
	lanes, err := w.st.EndpointLanes(t.Context(), w.p, []synchook.EndpointID{w.Project.Endpoint})
	if err != nil || len(lanes) != 1 {
		t.Fatal(lanes, err)
	}
	return lanes[0]
}

func TestAHeldLaneKeepsEverythingUntilItIsReleased(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	hinted := idle("a", 1)
	hinted.Generation = wantHint(t, w.owe(t, "Before"), w.endpointLane()).Generation
	w.hold(t, synchook.EndpointPaused, "a release")
	wantWord(t, w.turnDeliveries(t, idle("a", 1)), store.TurnStale, 0) // a hint for one delivery is none of the lane's
	wantWord(t, w.turnDeliveries(t, hinted), store.TurnLeft, 0)
	if hints := w.owe(t, "While"); len(hints) != 0 {
		t.Errorf("a held lane was woken: %+v", hints)
	}
	if s := w.stands(t); s.Held != synchook.EndpointPaused || s.Why != "a release" || s.Since.IsZero() || s.Pending != 2 {
		t.Errorf("the lane stands %+v", s)
	}
	w.wantClean(t, "while it is held")
	wantHint(t, w.release(t), w.endpointLane())
	taken := w.turnDeliveries(t, idle("b", 1))
	wantWord(t, taken, store.TurnOK, 1) // one at a time, until one is answered
	if taken.Flow == nil || *taken.Flow != "1" {
		t.Errorf("the flow begins with %v", taken.Flow)
	}
	w.wantClean(t, "after")
}

func TestWhatIsInFlightWhenALaneIsHeldIsHandedIn(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	w.owe(t, "A", "B")
	first := idle("a", 1)
	first.Want = 1
	d := w.turnDeliveries(t, first).Rows[0]
	w.hold(t, synchook.EndpointPaused, "")
	next := w.turnDeliveries(t, idle("a", 2))
	wantWord(t, next, store.TurnOK, 0)
	if !next.Next.IsZero() {
		t.Errorf("something is due at %v, want nothing before it is released", next.Next)
	}
	w.wantClean(t, "while one is in flight")
	wantWord(t, w.turnDeliveries(t, idle("a", 3), attempt(d, synchook.DeliveryDelivered, 200)), store.TurnLeft, 0)
	if got := w.readDelivery(t, d.ID); got.State != synchook.DeliveryDelivered {
		t.Errorf("what was in flight is %+v", got)
	}
	w.wantClean(t, "after")
}

func TestALaneReleasedWhileItIsWorkedTellsItsWorkerAtItsNextTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "A", "B")
	first := at("a", 1)
	first.Want = 1
	w.turnDeliveries(t, first)
	w.hold(t, synchook.EndpointPaused, "")
	if hints := w.release(t); len(hints) != 0 {
		t.Errorf("a lane that is worked was woken: %+v", hints)
	}
	turn := at("a", 2)
	turn.Flow = &store.FlowTold{Text: "64 v1 l64 g2", Hold: time.Hour, Disable: "too late"}
	taken := w.turnDeliveries(t, turn)
	wantWord(t, taken, store.TurnOK, 1)
	if taken.Flow == nil || *taken.Flow != "1" {
		t.Errorf("the worker was told %v", taken.Flow)
	}
	if s := w.stands(t); s.Held != "" || !s.NotBefore.IsZero() {
		t.Errorf("what a worker told that had not heard of the release counts: %+v", s)
	}
	turn.Number, turn.Flow = 3, &store.FlowTold{Text: "1"}
	if taken := w.turnDeliveries(t, turn); taken.Flow != nil {
		t.Errorf("it is told again: %v", *taken.Flow)
	}
}

func TestAnEndpointThatFailedIsTriedWithOneAfterItsRelease(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	w.owe(t, "A", "B")
	told := idle("a", 1)
	told.Flow = &store.FlowTold{Text: "1 v1 l1 g1 o1 s1 rit answered 500", Hold: 10 * time.Minute}
	left := w.turnDeliveries(t, told)
	wantWord(t, left, store.TurnLeft, 0)
	if h := wantHint(t, left.Hints, w.endpointLane()); time.Until(time.UnixMilli(h.At)).Round(time.Minute) != 10*time.Minute {
		t.Errorf("the hint comes in %v", time.Until(time.UnixMilli(h.At)))
	}
	single := idle("b", 1) // the hint of one delivery
	wantWord(t, w.turnDeliveries(t, single), store.TurnStale, 0)
	mr.SetTime(noon.Add(time.Second))
	wantHint(t, w.release(t), w.endpointLane())
	taken := w.turnDeliveries(t, idle("c", 1))
	wantWord(t, taken, store.TurnOK, 1)
	if want := "1 v1 l1 g1 o1767268801000"; taken.Flow == nil || *taken.Flow != want {
		t.Errorf("the flow is %v, want %s", taken.Flow, want)
	}
}

func TestALaneThatWaitsBrieflyIsKeptByItsWorker(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	w.owe(t, "A")
	turn := idle("a", 1)
	turn.Flow = &store.FlowTold{Text: "8", Hold: 1500 * time.Millisecond}
	taken := w.turnDeliveries(t, turn)
	wantWord(t, taken, store.TurnOK, 0)
	if want := noon.Add(1500 * time.Millisecond); !taken.Next.Equal(want) {
		t.Errorf("the next is due at %v, want %v", taken.Next, want)
	}
	mr.SetTime(noon.Add(1500 * time.Millisecond))
	turn.Number, turn.Flow = 2, &store.FlowTold{Text: "8"}
	wantWord(t, w.turnDeliveries(t, turn), store.TurnOK, 1)
	if s := w.stands(t); !s.NotBefore.IsZero() {
		t.Errorf("it still waits: %+v", s)
	}
}

func TestAWorkerThatKnowsNothingOfAnEndpointTakesFewAndIsToldTheFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "A", "B", "C", "D", "E")
	first := at("a", 1)
	first.Fresh = 2
	taken := w.turnDeliveries(t, first)
	wantWord(t, taken, store.TurnOK, 2)
	if taken.Flow == nil || *taken.Flow != "" {
		t.Errorf("of what nothing is known is told %v", taken.Flow)
	}
	second := at("a", 2)
	second.Flow = &store.FlowTold{Text: "3 v1 l3 g1"}
	if taken := w.turnDeliveries(t, second); taken.Flow != nil {
		t.Errorf("what was told is told back: %v", *taken.Flow)
	}
	w.leaseEnds(t, w.endpointLane())
	next := at("b", 1)
	next.Fresh = 10
	taken = w.turnDeliveries(t, next)
	wantWord(t, taken, store.TurnOK, 3)
	if taken.Flow == nil || *taken.Flow != "3 v1 l3 g1" {
		t.Errorf("the next worker is told %v", taken.Flow)
	}
}

func (w *world) news(t synchook.OperationalType, to synchook.EndpointID) synchook.Delivery {
	return synchook.Delivery{
		ID: synchook.OperationalDeliveryID(t, string(w.Project.Endpoint), 1, to), Body: []byte(`{"type":"` + string(t) + `"}`),
		DeliveryFacts: synchook.DeliveryFacts{Endpoint: to, Operational: t},
	}
}

func TestADisabledEndpointIsHeldAndToldOfOnce(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	other := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID
	w.owe(t, "A", "B")
	first := at("a", 1)
	first.Want = 1
	d := w.turnDeliveries(t, first).Rows[0]
	gone := idle("a", 2)
	gone.Flow = &store.FlowTold{
		Text: "8 v1 s1 rit is gone", Disable: "the endpoint answered 410", Deliveries: []synchook.Delivery{w.news(synchook.EndpointDisabled, other)},
	}
	waits := attempt(d, synchook.DeliveryPending, 410)
	waits.Wait = time.Second
	left := w.turnDeliveries(t, gone, waits)
	wantWord(t, left, store.TurnLeft, 0)
	wantHint(t, left.Hints, synchook.DeliveryLane(other))
	if s := w.stands(t); s.Held != synchook.EndpointOff || s.Why != "the endpoint answered 410" || s.Pending != 2 {
		t.Errorf("the lane stands %+v", s)
	}
	w.wantClean(t, "while it is disabled")
	wantHint(t, w.release(t), w.endpointLane())
	if flow := w.stands(t).Flow; len(flow) < 12 || flow[:12] != "1 v1 l1 g1 o" {
		t.Errorf("the flow is %q, want one that probes", flow)
	}
	w.hold(t, synchook.EndpointPaused, "")
	w.turnDeliveries(t, idle("b", 1)) // hears of the release
	gone.Token, gone.Number = "c", 1
	gone.Flow.Deliveries[0].ID += "again"
	if left := w.turnDeliveries(t, gone); len(left.Hints) != 0 || w.stands(t).Held != synchook.EndpointPaused {
		t.Errorf("an endpoint that was held already is disabled, or told of: %+v", left)
	}
}

func TestAnEndpointThatCameBackIsToldOfAndTellsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	turn := at("a", 1)
	w.owe(t, "A")
	w.turnDeliveries(t, turn)
	turn.Number, turn.Flow = 2, &store.FlowTold{Text: "1 v1 l1 g1", Deliveries: []synchook.Delivery{w.news(synchook.EndpointRecovered, w.Project.Endpoint)}}
	taken := w.turnDeliveries(t, turn)
	wantWord(t, taken, store.TurnOK, 1)
	if taken.Rows[0].Operational != synchook.EndpointRecovered {
		t.Errorf("it takes %+v", taken.Rows[0])
	}
	turn.Number = 3
	wantWord(t, w.turnDeliveries(t, turn), store.TurnOK, 0) // the same news again is none
}

func TestADeletedEndpointThatWasHeldLeavesNothing(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	e := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"})
	w.oweTo(t, e.ID, "Issue")
	if err := w.st.HoldLane(t.Context(), w.caller(), e.ID, synchook.EndpointPaused, ""); err != nil {
		t.Fatal(err)
	}
	hints, err := w.st.DeleteEndpoint(t.Context(), w.caller(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantHint(t, hints, synchook.DeliveryLane(e.ID))
	w.cancelAll(t, e.ID)
	w.wantClean(t, "after")
	if n := w.rdb.Exists(t.Context(), w.key("lane", string(synchook.DeliveryLane(e.ID)))).Val(); n != 0 {
		t.Error("its lane is left")
	}
}

func TestAHeldLaneWhoseWorkerDiedIsLeftAloneUntilItIsReleased(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	w.owe(t, "A", "B")
	first := at("a", 1)
	first.Want = 1
	d := w.turnDeliveries(t, first).Rows[0]
	w.hold(t, synchook.EndpointPaused, "")
	w.leaseEnds(t, w.endpointLane())
	wantWord(t, w.turnDeliveries(t, idle("b", 1)), store.TurnLeft, 0)
	wantHint(t, w.release(t), w.endpointLane())
	if got := w.readDelivery(t, d.ID); got.State != synchook.DeliveryPending {
		t.Errorf("it is %+v", got)
	}
	w.wantClean(t, "after")
}
