package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

func (w *world) stats(t *testing.T, end synchook.EndpointID, window time.Duration) store.DeliveryStats {
	t.Helper()
	stats, err := w.st.DeliveryStats(t.Context(), w.p, end, window)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// total sums the minutes up.
func total(stats store.DeliveryStats) store.DeliveryFigures {
	var f store.DeliveryFigures
	for _, m := range stats.Minutes {
		f.Add(m.DeliveryFigures)
	}
	return f
}

func TestStatisticsCountWhatHappenedByTheMinute(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	first, other := w.Project.Endpoint, w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID
	w.owe(t, "A", "B", "C")
	w.oweTo(t, other, "D")
	rows := w.turnDeliveries(t, at("a", 1)).Rows
	good, slowed, failed := attempt(rows[0], synchook.DeliveryDelivered, 200), attempt(rows[1], synchook.DeliveryPending, 429), attempt(rows[2], synchook.DeliveryPending, 500)
	slowed.Slowed, slowed.Wait, failed.Wait = true, time.Second, time.Second
	again := w.turnDeliveries(t, at("a", 2), good, slowed, failed)
	w.turnDeliveries(t, at("a", 2), good, slowed, failed) // sent again
	wantWord(t, again, store.TurnOK, 0)

	mr.SetTime(noon.Add(time.Minute))
	rows = w.turnDeliveries(t, at("a", 3)).Rows
	exhausted := attempt(rows[0], synchook.DeliveryExhausted, 500)
	exhausted.Attempt.Duration = 2 * time.Second
	w.turnDeliveries(t, at("a", 4), exhausted, store.DeliveryDone{Delivery: rows[1], Back: true})

	stats := w.stats(t, "", time.Hour)
	if len(stats.Minutes) != 2 || !stats.Minutes[0].Start.Equal(noon) || !stats.Minutes[1].Start.Equal(noon.Add(time.Minute)) {
		t.Fatalf("the minutes are %+v", stats.Minutes)
	}
	wantFigures(t, "the first minute", stats.Minutes[0].DeliveryFigures, [7]int64{4, 1, 0, 0, 3, 2, 1})
	wantFigures(t, "the second minute", stats.Minutes[1].DeliveryFigures, [7]int64{0, 0, 1, 0, 1, 1, 0})
	wantFigures(t, "both", total(stats), [7]int64{4, 1, 1, 0, 4, 3, 1})
	if d := stats.Minutes[1].Latencies.Within(0.5); d < 2*time.Second || d > 2500*time.Millisecond {
		t.Errorf("the attempt took %v, want 2 s or a quarter more", d)
	}
	wantFigures(t, "the first endpoint", total(w.stats(t, first, time.Hour)), [7]int64{3, 1, 1, 0, 4, 3, 1})
	wantFigures(t, "the other endpoint", total(w.stats(t, other, time.Hour)), [7]int64{1})
	wantFigures(t, "another", total(w.stats(t, "end_none", time.Hour)), [7]int64{})
	for end, want := range map[synchook.EndpointID][2]int64{"": {2, 1}, first: {1, 1}, other: {1, 0}, "end_none": {0, 0}} {
		if s := w.stats(t, end, time.Hour); s.Pending != want[0] || s.Exhausted != want[1] {
			t.Errorf("%d are pending to %q and %d exhausted, want %v", s.Pending, end, s.Exhausted, want)
		}
	}

	mr.SetTime(noon.Add(62*time.Minute + 30*time.Second))
	for window, want := range map[time.Duration]int{time.Minute: 0, 60 * time.Minute: 0, 61 * time.Minute: 1, 62 * time.Minute: 2, 100 * time.Hour: 2} {
		if got := w.stats(t, "", window).Minutes; len(got) != want {
			t.Errorf("%d minutes in the last %v, want %d", len(got), window, want)
		}
	}
	mr.FastForward(store.MaxStatsWindow + 2*time.Hour)
	if got := w.stats(t, "", store.MaxStatsWindow).Minutes; len(got) != 0 {
		t.Errorf("after two days there are still %+v", got)
	}
}

// wantFigures compares figures: created, delivered, exhausted, superseded, attempts, failed and throttled.
func wantFigures(t *testing.T, of string, f store.DeliveryFigures, want [7]int64) {
	t.Helper()
	got := [7]int64{f.Created, f.Delivered(), f.Exhausted, f.Superseded, f.Attempts(), f.FailedAttempts, f.ThrottledAttempts}
	if got != want {
		t.Errorf("%s: created, delivered, exhausted, superseded, attempts, failed and throttled are %v, want %v", of, got, want)
	}
}

func TestTheOldestThatIsOwedIsKnownWhateverHappensToOthers(t *testing.T) {
	t.Parallel()
	w, mr := frozenWorld(t, noon)
	ends := []synchook.EndpointID{w.Project.Endpoint}
	for range 3 {
		ends = append(ends, w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID)
	}
	chance := rand.New(rand.NewPCG(7, 8))
	now := noon
	for step := range 300 {
		now = now.Add(time.Duration(chance.IntN(4000)) * time.Millisecond)
		mr.SetTime(now)
		switch end := ends[chance.IntN(len(ends))]; chance.IntN(5) {
		case 0, 1:
			w.oweTo(t, end, "A", "B")
		case 2, 3:
			w.workSome(t, end, fmt.Sprintf("%d", step), chance)
		default:
			w.retryOne(t, chance)
		}
		w.wantBacklogs(t, step)
	}
	w.wantClean(t, "at the end")
}

// workSome takes some deliveries to an endpoint, and has each end in one of the ways that there are.
func (w *world) workSome(t *testing.T, end synchook.EndpointID, token string, chance *rand.Rand) {
	t.Helper()
	turn := store.Turn{Token: token, Number: 1, Want: 1 + chance.IntN(4), Limit: 10}
	taken := w.turnAt(t, end, turn)
	w.wantBacklogs(t, -1)
	var done []store.DeliveryDone
	for _, d := range taken.Rows {
		x := attempt(d, []synchook.DeliveryState{synchook.DeliveryDelivered, synchook.DeliveryPending, synchook.DeliveryExhausted}[chance.IntN(3)], 500)
		x.Wait, x.Back = time.Duration(chance.IntN(60))*time.Second, chance.IntN(4) == 0
		done = append(done, x)
	}
	if taken.Word == store.TurnOK {
		turn.Number, turn.Want, turn.Leave = 2, 0, store.LeaveNow
		w.turnAt(t, end, turn, done...)
	}
}

// retryOne makes a delivery due, whatever became of it.
func (w *world) retryOne(t *testing.T, chance *rand.Rand) {
	t.Helper()
	all, _, err := w.st.Deliveries(t.Context(), w.p, store.DeliveryQuery{}, store.Page{Size: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		return
	}
	if _, err := w.st.RetryDelivery(t.Context(), w.p, all[chance.IntN(len(all))]); err != nil {
		t.Fatal(err)
	}
}

// wantBacklogs compares what is said to be owed with what is: all pending deliveries.
func (w *world) wantBacklogs(t *testing.T, step int) {
	t.Helper()
	pending, next, err := w.st.Deliveries(t.Context(), w.p, store.DeliveryQuery{States: []synchook.DeliveryState{synchook.DeliveryPending}, OldestFirst: true}, store.Page{Size: 1000})
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	want := map[synchook.EndpointID]store.Backlog{}
	for _, d := range pending {
		b, ok := want[d.Endpoint]
		if !ok {
			b = store.Backlog{Endpoint: d.Endpoint, Since: d.Created}
		}
		b.Pending++
		want[d.Endpoint] = b
	}
	made := map[synchook.DeliveryID]time.Time{}
	for _, d := range pending {
		made[d.ID] = d.Created
	}
	got := map[synchook.EndpointID]store.Backlog{}
	var last time.Time
	for _, b := range w.stats(t, "", time.Hour).Backlogs {
		if !made[b.Oldest].Equal(b.Since) || b.Since.Before(last) {
			t.Errorf("step %d: the oldest is said to be %s, made %v, after one of %v; it was made %v", step, b.Oldest, b.Since, last, made[b.Oldest])
		}
		last = b.Since
		b.Oldest = ""
		got[b.Endpoint] = b
	}
	if !maps.Equal(got, want) {
		t.Fatalf("step %d: what is owed is said to be\n%+v\nand is\n%+v", step, got, want)
	}
}

func TestWhatStatisticsCostDoesNotDependOnHowManyAreStored(t *testing.T) {
	t.Parallel()
	rdb := storetest.StartNode(t).Client()
	w := worldOn(t, rdb)
	w.owe(t, "A", "B")
	ask := func() map[string]int {
		w.stats(t, "", time.Hour) // and the script is known then
		calls(t, rdb)
		w.stats(t, "", 48*time.Hour)
		w.stats(t, w.Project.Endpoint, time.Hour)
		return calls(t, rdb)
	}
	few := ask()
	many := make([]synchook.Delivery, 50_000)
	for n := range many {
		many[n] = storedDelivery(n, []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryExhausted}[n%2])
	}
	w.keep(t, many...)
	if after := ask(); !maps.Equal(few, after) {
		t.Errorf("statistics cost %v with 2 stored, and %v with 50,000", few, after)
	}
}
