package store_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// noon is when the first of the rows was made that these tests store.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// storedDelivery returns the n-th delivery, made two to a millisecond.
func storedDelivery(n int, state synchook.DeliveryState) synchook.Delivery {
	d := synchook.Delivery{
		ID: synchook.DeliveryID(fmt.Sprintf("dlv_%07d", n)), State: state, Created: noon.Add(time.Duration(n/2) * time.Millisecond),
	}
	d.Endpoint, d.Connection, d.Model = "end_1", "con_1", "Issue"
	return d
}

// keep stores deliveries as if they had come about.
func (w *world) keep(t *testing.T, deliveries ...synchook.Delivery) {
	t.Helper()
	for chunk := range slices.Chunk(deliveries, 1000) {
		pipe := w.rdb.Pipeline()
		for _, d := range chunk {
			facts, err := json.Marshal(d.DeliveryFacts)
			if err != nil {
				t.Fatal(err)
			}
			at := d.Created.UnixMilli()
			pipe.HSet(t.Context(), w.key("dlv", string(d.ID)), "f", facts, "st", string(d.State), "new", at)
			z := redis.Z{Score: float64(at), Member: string(d.ID)}
			pipe.ZAdd(t.Context(), w.key("deliveries"), z)
			if d.State != synchook.DeliveryDelivered {
				pipe.ZAdd(t.Context(), w.key("deliveries", string(d.State)), z)
			}
			switch d.State {
			case synchook.DeliveryExhausted:
				pipe.ZAdd(t.Context(), w.key("deliveries", "exhausted", string(d.Endpoint)), z)
			case synchook.DeliveryPending: // due at any time, or in flight
				z.Score = float64(rand.IntN(2000) - 1000)
				pipe.ZAdd(t.Context(), w.key("rows", string(d.Endpoint)+".d"), z)
			}
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// listed reads all pages of a query, and fails when one is listed twice, or a page is too long.
func (w *world) listed(t *testing.T, q store.DeliveryQuery, size int, between func(last synchook.DeliveryID)) []synchook.DeliveryID {
	t.Helper()
	var all []synchook.DeliveryID
	seen := map[synchook.DeliveryID]bool{}
	for page := (store.Page{Size: size}); ; {
		list, next, err := w.st.Deliveries(t.Context(), w.p, q, page)
		if err != nil || len(list) > size {
			t.Fatalf("a page of %d has %d deliveries (%v)", size, len(list), err)
		}
		for _, d := range list {
			if seen[d.ID] {
				t.Fatalf("%s is listed twice", d.ID)
			}
			seen[d.ID] = true
			all = append(all, d.ID)
		}
		if next == "" {
			return all
		}
		if page.Token = next; between != nil && len(list) > 0 {
			between(list[len(list)-1].ID)
		}
	}
}

func idsOf(deliveries []synchook.Delivery) []synchook.DeliveryID {
	ids := make([]synchook.DeliveryID, len(deliveries))
	for i, d := range deliveries {
		ids[i] = d.ID
	}
	return ids
}

func TestAListHoldsWhatItsFilterHoldsInBothOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	states := []synchook.DeliveryState{
		synchook.DeliveryPending, synchook.DeliveryDelivered, synchook.DeliveryExhausted, synchook.DeliveryCancelled, synchook.DeliverySuperseded,
	}
	var all []synchook.Delivery
	for n := range 120 {
		d := storedDelivery(n, states[n%5])
		d.Endpoint = synchook.EndpointID(fmt.Sprintf("end_%d", n%3))
		d.Integration, d.Connection = synchook.IntegrationID(fmt.Sprintf("int_%d", n%2)), synchook.ConnectionID(fmt.Sprintf("con_%d", n%7))
		d.Sync, d.Model = synchook.SyncID(fmt.Sprintf("syn_%d", n%4)), fmt.Sprintf(`M%d/"ß" <&>`, n%6)
		all = append(all, d)
	}
	w.keep(t, all...)
	half := noon.Add(30 * time.Millisecond)
	for name, c := range map[string]struct {
		q     store.DeliveryQuery
		holds func(d synchook.Delivery) bool
	}{
		"all":         {store.DeliveryQuery{}, func(synchook.Delivery) bool { return true }},
		"pending":     {store.DeliveryQuery{States: states[:1]}, func(d synchook.Delivery) bool { return d.State == synchook.DeliveryPending }},
		"delivered":   {store.DeliveryQuery{States: states[1:2]}, func(d synchook.Delivery) bool { return d.State == synchook.DeliveryDelivered }},
		"superseded":  {store.DeliveryQuery{States: states[4:]}, func(d synchook.Delivery) bool { return d.State == synchook.DeliverySuperseded }},
		"undelivered": {store.DeliveryQuery{States: []synchook.DeliveryState{states[0], states[2]}}, func(d synchook.Delivery) bool { return d.State == states[0] || d.State == states[2] }},
		"its pending": {store.DeliveryQuery{Endpoint: "end_1", States: states[:1]}, func(d synchook.Delivery) bool { return d.Endpoint == "end_1" && d.State == states[0] }},
		"its undelivered": {store.DeliveryQuery{Endpoint: "end_1", States: []synchook.DeliveryState{states[2], states[0]}}, func(d synchook.Delivery) bool {
			return d.Endpoint == "end_1" && (d.State == states[0] || d.State == states[2])
		}},
		"its last": {store.DeliveryQuery{Endpoint: "end_1", States: states[:1], From: half, Before: half.Add(20 * time.Millisecond)}, func(d synchook.Delivery) bool {
			return d.Endpoint == "end_1" && d.State == states[0] && !d.Created.Before(half) && d.Created.Before(half.Add(20*time.Millisecond))
		}},
		"endpoint":    {store.DeliveryQuery{Endpoint: "end_1"}, func(d synchook.Delivery) bool { return d.Endpoint == "end_1" }},
		"integration": {store.DeliveryQuery{Integration: "int_1"}, func(d synchook.Delivery) bool { return d.Integration == "int_1" }},
		"connection":  {store.DeliveryQuery{Connection: "con_3"}, func(d synchook.Delivery) bool { return d.Connection == "con_3" }},
		"sync":        {store.DeliveryQuery{Sync: "syn_2"}, func(d synchook.Delivery) bool { return d.Sync == "syn_2" }},
		"model":       {store.DeliveryQuery{Model: `M5/"ß" <&>`}, func(d synchook.Delivery) bool { return d.Model == `M5/"ß" <&>` }},
		"from":        {store.DeliveryQuery{From: half}, func(d synchook.Delivery) bool { return !d.Created.Before(half) }},
		"before":      {store.DeliveryQuery{Before: half}, func(d synchook.Delivery) bool { return d.Created.Before(half) }},
		"window":      {store.DeliveryQuery{From: half.Add(-9999999), Before: half.Add(1)}, func(d synchook.Delivery) bool { return d.Created.After(half.Add(-9999999)) && !d.Created.After(half) }},
		"no window":   {store.DeliveryQuery{From: half, Before: half}, func(synchook.Delivery) bool { return false }},
	} {
		want := idsOf(slices.DeleteFunc(slices.Clone(all), func(d synchook.Delivery) bool { return !c.holds(d) }))
		for _, size := range []int{1, 7, 1000} {
			c.q.OldestFirst = true
			if got := w.listed(t, c.q, size, nil); !slices.Equal(got, want) {
				t.Errorf("%s, oldest first, %d a page: %v, want %v", name, size, got, want)
			}
			c.q.OldestFirst = false
			got := w.listed(t, c.q, size, nil)
			if slices.Reverse(got); !slices.Equal(got, want) {
				t.Errorf("%s, newest first, %d a page: backwards %v, want %v", name, size, got, want)
			}
		}
	}
}

func TestWhatAnEndpointIsOwedIsFoundHoweverMuchOthersAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []synchook.Delivery
	for n := range 4000 {
		d := storedDelivery(n, synchook.DeliveryPending)
		d.Endpoint = []synchook.EndpointID{"end_dead", "end_well"}[boolInt(n == 17)]
		all = append(all, d)
	}
	w.keep(t, all...)
	q := store.DeliveryQuery{Endpoint: "end_well", States: []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryExhausted}}
	list, next, err := w.st.Deliveries(t.Context(), w.p, q, store.Page{})
	if err != nil || next != "" || len(list) != 1 || list[0].ID != all[17].ID {
		t.Errorf("the first page has %d deliveries (%v), and there is another: %v", len(list), err, next != "")
	}
	q.Endpoint = "end_dead"
	if got := w.listed(t, q, 1000, nil); len(got) != 3999 {
		t.Errorf("the other is owed %d, want 3,999", len(got))
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAListNeitherRepeatsNorMissesWhatWasThereAllAlong(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		oldest, end := n%2 == 0, synchook.EndpointID([]string{"", "end_1"}[n/2])
		w := newWorld(t)
		var all []synchook.Delivery
		for n := range 100 {
			all = append(all, storedDelivery(n, []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryExhausted}[n%2]))
		}
		w.keep(t, all...)
		gone := map[synchook.DeliveryID]bool{}
		q := store.DeliveryQuery{States: []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryExhausted}, Endpoint: end, OldestFirst: oldest}
		more := 1000
		got := w.listed(t, q, 3, func(last synchook.DeliveryID) {
			for _, d := range []synchook.Delivery{all[rand.IntN(len(all))], {ID: last}} { // what the token names as well
				gone[d.ID] = true
				for _, set := range []string{"deliveries", "deliveries:pending", "deliveries:exhausted", "deliveries:exhausted:end_1", "rows:end_1.d"} {
					w.rdb.ZRem(t.Context(), w.key(set), string(d.ID))
				}
				w.rdb.Del(t.Context(), w.key("dlv", string(d.ID)))
			}
			w.keep(t, storedDelivery(more, synchook.DeliveryPending))
			moved := all[rand.IntN(len(all))] // from one of the two indexes to the other
			if !gone[moved.ID] {
				w.rdb.ZRem(t.Context(), w.key("deliveries", string(moved.State)), string(moved.ID))
				w.rdb.ZRem(t.Context(), w.key("rows:end_1.d"), string(moved.ID))
				moved.State = synchook.DeliveryExhausted
				w.keep(t, moved)
			}
			more++
		})
		for _, d := range all {
			if !gone[d.ID] && !slices.Contains(got, d.ID) {
				t.Errorf("oldest first %v, of %q: %s was missed", oldest, end, d.ID)
			}
		}
	}
}

func TestTheDeliveriesOfARunAreFoundByWhenItEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "Issue", "User")
	d := w.turnDeliveries(t, at("a", 1)).Rows[0]
	w.keep(t, storedDelivery(1, synchook.DeliveryPending))
	q := store.DeliveryQuery{Run: d.Run}
	if got := w.listed(t, q, 1, nil); len(got) != 2 || !slices.Contains(got, d.ID) {
		t.Errorf("the run made %v, want two", got)
	}
	q.Before = d.Created
	if got := w.listed(t, q, 10, nil); len(got) != 0 {
		t.Errorf("before it ended it made %v", got)
	}
	q = store.DeliveryQuery{Run: d.Run, Before: d.Created.Add(time.Hour)}
	w.rdb.Del(t.Context(), w.key("run", string(d.Run))) // past its retention, while deliveries still wait
	if got := w.listed(t, q, 10, nil); len(got) != 2 {
		t.Errorf("the run that is no longer kept made %v, want two", got)
	}
	w.add(t, w.run("run_waits"))
	if got := w.listed(t, store.DeliveryQuery{Run: "run_waits"}, 10, nil); len(got) != 0 {
		t.Errorf("a run that has not ended made %v", got)
	}
}

// calls returns how often a Redis of the test's own carried out each command since the last call.
func calls(t *testing.T, rdb *redis.Client) map[string]int {
	t.Helper()
	n := map[string]int{}
	for name, stat := range rdb.InfoMap(t.Context(), "commandstats").Val()["Commandstats"] {
		var times int
		if _, err := fmt.Sscanf(stat, "calls=%d", &times); err != nil {
			t.Fatal(err)
		}
		n[strings.TrimPrefix(name, "cmdstat_")] = times
	}
	if err := rdb.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{"info", "config|resetstat"} {
		delete(n, own)
	}
	return n
}

func TestWhatAPageCostsDoesNotDependOnHowManyAreStored(t *testing.T) {
	t.Parallel()
	node := storetest.StartNode(t)
	rdb := node.Client()
	w := worldOn(t, rdb)
	queries := map[string]store.DeliveryQuery{
		"all": {}, "oldest": {OldestFirst: true},
		"undelivered": {States: []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryExhausted}},
		"one state":   {States: []synchook.DeliveryState{synchook.DeliveryExhausted}},
		"half":        {Model: "Issue"}, "none": {Connection: "con_none"},
		"from": {From: noon.Add(100 * time.Millisecond), OldestFirst: true},
	}
	ask := func() map[string]map[string]int {
		costs := map[string]map[string]int{}
		for name, q := range queries {
			_, token, err := w.st.Deliveries(t.Context(), w.p, q, store.Page{Size: 50}) // and the script is known then
			if err != nil {
				t.Fatal(err)
			}
			calls(t, rdb)
			for _, page := range []store.Page{{Size: 50}, {Size: 50, Token: token}} {
				if _, _, err := w.st.Deliveries(t.Context(), w.p, q, page); err != nil {
					t.Fatal(err)
				}
			}
			costs[name] = calls(t, rdb)
		}
		return costs
	}
	store := func(from, to int) {
		var list []synchook.Delivery
		for n := from; n < to; n++ {
			d := storedDelivery(n, []synchook.DeliveryState{synchook.DeliveryPending, synchook.DeliveryExhausted, synchook.DeliveryDelivered}[n%3])
			d.Model = []string{"Issue", "User"}[n/3%2]
			list = append(list, d)
		}
		w.keep(t, list...)
	}
	store(0, 4000)
	few := ask()
	store(4000, 100_000)
	for name, many := range ask() {
		if !maps.Equal(few[name], many) {
			t.Errorf("%s: two pages cost %v with 4,000 stored, and %v with 100,000", name, few[name], many)
		}
	}
}
