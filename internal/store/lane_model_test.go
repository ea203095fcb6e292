package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// laneModel plays workers, hints and the sweep against one project's lanes, and knows what must hold.
type laneModel struct {
	st      *store.Store
	mr      *miniredis.Miniredis
	project synchook.ProjectID
	now     time.Time
	hints   []synchook.Hint // on their way
	workers []*laneWorker   // that live, whether they still have their lane or not
	rows    map[string]synchook.LaneID
	made    int
	tokens  int
}

// laneWorker is a worker at a lane.
type laneWorker struct {
	turn   store.Turn
	till   time.Time // when its lease runs out
	flying []string
}

const (
	modelRunLane   = synchook.LaneID("con_1.syn_1.e")
	modelEndpoint  = synchook.EndpointID("end_1")
	modelRunLimit  = 2
	modelSendLimit = 3
)

// Whatever is put, worked, lost and swept, in whatever order, no row is lost or worked by two workers at
// a time, and once the sweep and the workers are left alone, all is done.
func TestNoLaneLosesARowOrHasTwoWorkers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		mr := miniredis.NewMiniRedis()
		if err := mr.Start(); err != nil {
			rt.Fatal(err)
		}
		defer mr.Close()
		rdb := redis.NewClient(&redis.Options{Addr: mr.Addr()})
		defer func() { _ = rdb.Close() }()
		m := &laneModel{st: storetest.On(t, rdb), mr: mr, project: "prj_1", rows: map[string]synchook.LaneID{}}
		m.now = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		m.advance(0)
		rdb.HSet(context.Background(), "{prj_1}:project", "name", "p")
		rdb.HSet(context.Background(), "{prj_1}:con:con_1", "v", 1)
		rt.Repeat(map[string]func(*rapid.T){
			"put":             m.put,
			"hint arrives":    func(t *rapid.T) { m.arrive(t, m.draw(t)) },
			"hint comes back": func(t *rapid.T) { m.hints = append(m.hints, m.hints[m.draw(t)]) },
			"hint is lost":    func(t *rapid.T) { m.drop(m.draw(t)) },
			"work":            func(t *rapid.T) { m.work(t, m.worker(t), rapid.Bool().Draw(t, "ends well")) },
			"leave":           func(t *rapid.T) { w := m.worker(t); w.turn.Leave = store.LeaveNow; m.work(t, w, true) },
			"worker dies":     func(t *rapid.T) { w := m.worker(t); m.gone(w) },
			"time passes":     func(t *rapid.T) { m.advance(time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond) },
			"sweep":           m.sweep,
		})
		m.drain(rt)
	})
}

func (m *laneModel) advance(d time.Duration) {
	m.now = m.now.Add(d)
	m.mr.SetTime(m.now)
}

func (m *laneModel) draw(t *rapid.T) int {
	if len(m.hints) == 0 {
		t.SkipNow()
	}
	return rapid.IntRange(0, len(m.hints)-1).Draw(t, "hint")
}

func (m *laneModel) worker(t *rapid.T) *laneWorker {
	if len(m.workers) == 0 {
		t.SkipNow()
	}
	return rapid.SampledFrom(m.workers).Draw(t, "worker")
}

func (m *laneModel) drop(i int) synchook.Hint {
	h := m.hints[i]
	m.hints = slices.Delete(m.hints, i, i+1)
	return h
}

func (m *laneModel) gone(w *laneWorker) {
	m.workers = slices.DeleteFunc(m.workers, func(o *laneWorker) bool { return o == w })
}

func (m *laneModel) put(t *rapid.T) {
	m.made++
	id := fmt.Sprintf("run_%d", 1000-m.made) // IDs fall, so that only the order of arrival can be right
	hints, err := m.st.AddRuns(context.Background(), m.project, []synchook.Run{{
		ID: synchook.RunID(id), Connection: "con_1", Sync: "syn_1", Trigger: synchook.TriggerEvent,
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.rows[id] = modelRunLane
	m.hints = append(m.hints, hints...)
}

// arrive makes a hint into a worker.
func (m *laneModel) arrive(t *rapid.T, i int) {
	if time.UnixMilli(m.hints[i].At).After(m.now) {
		return
	}
	h := m.drop(i)
	m.tokens++
	w := &laneWorker{turn: store.Turn{Lane: h.Lane, Generation: h.Generation, Token: fmt.Sprint(m.tokens)}}
	w.turn.Limit = modelRunLimit
	if h.Lane.Kind() == synchook.LaneDelivery {
		w.turn.Limit = modelSendLimit
	}
	m.workers = append(m.workers, w)
	m.work(t, w, true)
}

// work has a worker take its next turn, handing in some of what it has.
func (m *laneModel) work(t *rapid.T, w *laneWorker, well bool) {
	done := 0
	if len(w.flying) > 0 {
		done = rapid.IntRange(0, len(w.flying)).Draw(t, "done")
	}
	handed := w.flying[:done]
	w.turn.Number++
	w.turn.Want = rapid.IntRange(1, w.turn.Limit).Draw(t, "want")
	if w.turn.Leave == store.Stay {
		w.turn.Leave = store.LeaveIdle
	}
	word, ids := m.take(t, w, handed, well)
	if rapid.Bool().Draw(t, "the reply is lost") {
		againWord, again := m.take(t, w, handed, well)
		if word == store.TurnOK && (againWord != word || !slices.Equal(again, ids)) {
			t.Fatalf("sent again, the turn answers %s %q, and before %s %q", againWord, again, word, ids)
		}
	}
	if word != store.TurnOK {
		m.gone(w)
		return
	}
	for _, o := range m.workers {
		if o != w && o.turn.Lane == w.turn.Lane && len(o.flying) > 0 && o.till.After(m.now) {
			t.Fatalf("lane %s has the workers %s and %s", w.turn.Lane, o.turn.Token, w.turn.Token)
		}
	}
	for _, id := range ids {
		if _, ok := m.rows[id]; !ok {
			t.Fatalf("row %s is taken though it is done", id)
		}
	}
	w.till = m.now.Add(store.LeaseTime)
	w.flying = append(slices.Clone(w.flying[done:]), ids...)
	if len(w.flying) > w.turn.Limit {
		t.Fatalf("%d rows are in flight, the limit is %d", len(w.flying), w.turn.Limit)
	}
}

// take takes a turn on either kind of lane and notes what counts as done by it.
func (m *laneModel) take(t *rapid.T, w *laneWorker, handed []string, well bool) (store.TurnWord, []string) {
	if w.turn.Lane.Kind() == synchook.LaneDelivery {
		return m.takeDeliveries(t, w, handed, well)
	}
	done := make([]store.RunDone, len(handed))
	for i, id := range handed {
		done[i] = store.RunDone{Run: synchook.Run{ID: synchook.RunID(id), State: synchook.RunQueued, Attempts: 1}, Wait: 7 * time.Second}
		if well {
			done[i].Run.State, done[i].Wait = synchook.RunSucceeded, 0
			done[i].Deliveries = []synchook.Delivery{{ID: "dlv_" + synchook.DeliveryID(id), DeliveryFacts: synchook.DeliveryFacts{Endpoint: modelEndpoint}}}
		}
	}
	taken, err := m.st.TurnRuns(context.Background(), m.project, w.turn, done)
	if err != nil {
		t.Fatal(err)
	}
	m.hints = append(m.hints, taken.Hints...)
	if taken.Word == store.TurnOK || taken.Word == store.TurnLeft {
		for _, id := range handed {
			if well {
				delete(m.rows, id)
				m.rows["dlv_"+id] = synchook.DeliveryLane(modelEndpoint)
			}
		}
	}
	ids := make([]string, len(taken.Rows))
	for i, r := range taken.Rows {
		ids[i] = string(r.ID)
	}
	return taken.Word, ids
}

func (m *laneModel) takeDeliveries(t *rapid.T, w *laneWorker, handed []string, well bool) (store.TurnWord, []string) {
	done := make([]store.DeliveryDone, len(handed))
	for i, id := range handed {
		done[i] = store.DeliveryDone{Delivery: synchook.Delivery{ID: synchook.DeliveryID(id), State: synchook.DeliveryPending}, Wait: 5 * time.Second}
		if well {
			done[i].Delivery.State = synchook.DeliveryDelivered
		}
	}
	taken, err := m.st.TurnDeliveries(context.Background(), m.project, w.turn, done)
	if err != nil {
		t.Fatal(err)
	}
	m.hints = append(m.hints, taken.Hints...)
	if well && (taken.Word == store.TurnOK || taken.Word == store.TurnLeft) {
		for _, id := range handed {
			delete(m.rows, id)
		}
	}
	ids := make([]string, len(taken.Rows))
	for i, d := range taken.Rows {
		ids[i] = string(d.ID)
	}
	return taken.Word, ids
}

// sweep does what the leader does every few seconds.
func (m *laneModel) sweep(t *rapid.T) {
	overdue, err := m.st.OverdueLanes(context.Background(), []synchook.ProjectID{m.project}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range overdue[m.project] {
		onItsWay := !o.Leased && slices.ContainsFunc(m.hints, func(h synchook.Hint) bool {
			return h.Lane == o.Lane && h.Generation == o.Generation
		})
		hints, err := m.st.Rewake(context.Background(), m.project, o, onItsWay)
		if err != nil {
			t.Fatal(err)
		}
		m.hints = append(m.hints, hints...)
	}
}

// drain kills all workers, loses all hints, and then lets the sweep and new workers do their work.
func (m *laneModel) drain(t *rapid.T) {
	m.workers, m.hints = nil, nil
	for round := 0; len(m.rows) > 0; round++ {
		if round > 20+10*m.made {
			t.Fatalf("after %d rounds these rows still wait: %v", round, slices.Sorted(maps.Keys(m.rows)))
		}
		m.advance(16 * time.Second)
		m.sweep(t)
		for len(m.hints) > 0 {
			before := len(m.hints)
			for i := before - 1; i >= 0; i-- {
				m.arrive(t, i)
			}
			for len(m.workers) > 0 {
				m.finish(t, m.workers[0])
			}
			if len(m.hints) >= before {
				break // the rest is for later
			}
		}
	}
}

// finish has a worker work its lane until nothing is due.
func (m *laneModel) finish(t *rapid.T, w *laneWorker) {
	w.turn.Number, w.turn.Want, w.turn.Leave = w.turn.Number+1, w.turn.Limit, store.LeaveIdle
	word, ids := m.take(t, w, w.flying, true)
	if word == store.TurnOK && len(ids) == 0 {
		t.Fatalf("lane %s keeps its worker, which has nothing to do", w.turn.Lane)
	}
	w.flying = ids
	if word != store.TurnOK {
		m.gone(w)
	}
}
