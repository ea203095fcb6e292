package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func (w *world) placed(t *testing.T, id synchook.DeliveryID) store.DeliveryPlace {
	t.Helper()
	d, place, err := w.st.PlacedDelivery(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	if read := w.readDelivery(t, id); !reflect.DeepEqual(d, read) {
		t.Errorf("the placed delivery is %+v, and %+v without its place", d, read)
	}
	return place
}

func TestADeliveryKnowsItsPlace(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	w.owe(t, "A", "B", "C", "D")
	turn := at("a", 1)
	turn.Want = 2
	flying := w.turnDeliveries(t, turn).Rows
	if p := w.placed(t, flying[0].ID); !p.InLane || !p.InFlight || p.Before != 0 || p.Flying != 2 || !p.Now.Equal(noon) {
		t.Errorf("in flight: %+v", p)
	}
	later := attempt(flying[0], synchook.DeliveryPending, 500)
	later.Wait = time.Minute
	w.turnDeliveries(t, store.Turn{Token: "a", Number: 2, Limit: 10}, later, attempt(flying[1], synchook.DeliveryDelivered, 200))
	if p := w.placed(t, flying[0].ID); !p.InLane || p.InFlight || p.Before != 2 || p.Flying != 0 {
		t.Errorf("behind two others: %+v", p)
	}
	if p := w.placed(t, flying[1].ID); p.InLane || p.InFlight || p.Before != 0 {
		t.Errorf("delivered: %+v", p)
	}
	mr.SetTime(noon.Add(2 * time.Minute))
	seen := map[int64]bool{}
	for _, d := range w.deliveriesIn(t, synchook.DeliveryPending) {
		seen[w.placed(t, d.ID).Before] = true
	}
	if len(seen) != 3 || !seen[0] || !seen[1] || !seen[2] {
		t.Errorf("of three, so many are before one: %v", seen)
	}
	lane := w.key("lane", string(w.endpointLane()))
	w.rdb.HSet(t.Context(), lane, "flow", "3", "held", "paused", "why", "a release", "since", noon.UnixMilli(), "nb", noon.Add(time.Hour).UnixMilli())
	want := store.LaneStand{Flow: "3", Held: synchook.EndpointPaused, Why: "a release", Since: noon, NotBefore: noon.Add(time.Hour)}
	if p := w.placed(t, flying[0].ID); p.Lane != want {
		t.Errorf("the lane stands %+v, want %+v", p.Lane, want)
	}
	_, _, err := w.st.PlacedDelivery(t.Context(), w.p, "dlv_none")
	wantKind(t, err, synchook.KindNotFound, "delivery_not_found")
}

func (w *world) deliveriesIn(t *testing.T, states ...synchook.DeliveryState) []synchook.Delivery {
	t.Helper()
	list, _, err := w.st.Deliveries(t.Context(), w.p, store.DeliveryQuery{States: states}, store.Page{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheTermsOfEndpointsAreTheirOwnOrTheProjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.st.UpdateSettings(t.Context(), synchook.Caller{Project: w.p}, "", func(s *synchook.Settings) error {
		s.RetrySchedule = []time.Duration{time.Second}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	own := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example", RetrySchedule: []time.Duration{time.Minute, time.Hour}}).ID
	other := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID
	w.rdb.HSet(t.Context(), w.key("lane", string(other)+".d"), "held", "disabled")
	ends := []synchook.EndpointID{w.Project.Endpoint, own, other, "end_gone"}
	terms, err := w.st.DeliveryTerms(t.Context(), w.p, ends)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 2, 1, 1} {
		if got := terms[ends[i]]; len(got.Schedule) != want || (got.Lane.Held == synchook.EndpointOff) != (i == 2) {
			t.Errorf("the terms of %s are %+v", ends[i], got)
		}
	}
}
