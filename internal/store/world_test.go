package store_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// world is a store with a project, a sync and a connection in it.
type world struct {
	storetest.Sync
	st  *store.Store
	rdb redis.UniversalClient
	p   synchook.ProjectID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOn(t, server(t))
}

// ownWorld makes a world on a real Redis whose database is the test's own: for tests of what is kept
// beside the projects, and of what only a real one can do.
func ownWorld(t *testing.T) *world {
	t.Helper()
	return worldOn(t, storetest.Redis(t))
}

// server returns the Redis that the tests of this run are on: STORE_TESTS_ON chooses "redis" (the
// default), "cluster" or "in-process".
func server(t testing.TB) redis.UniversalClient {
	t.Helper()
	switch on := os.Getenv("STORE_TESTS_ON"); on {
	case "", "redis":
		return plain(t)
	case "cluster":
		return storetest.Cluster(t)
	case "in-process":
		return inProcess(t)
	default:
		t.Fatalf("STORE_TESTS_ON=%s: write redis, cluster or in-process", on)
		return nil
	}
}

// worldOn makes a world on the given Redis.
func worldOn(t testing.TB, rdb redis.UniversalClient, change ...func(*synchook.Sync)) *world {
	t.Helper()
	st := storetest.On(t, rdb)
	x := storetest.NewSync(t, st, "code", change...)
	return &world{Sync: x, st: st, rdb: rdb, p: x.Project.ID}
}

// frozenWorld makes a world on an in-process server whose clock the test moves.
func frozenWorld(t *testing.T, at time.Time) (*world, *miniredis.Miniredis) {
	t.Helper()
	mr := miniredis.RunT(t)
	mr.SetTime(at)
	rdb := redis.NewClient(&redis.Options{Addr: mr.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return worldOn(t, rdb), mr
}

// run returns a run of the world's sync that is triggered by an event.
func (w *world) run(id string) synchook.Run {
	return synchook.Run{
		ID: synchook.RunID(id), Integration: w.Integration.ID, Connection: w.Connection.ID, Sync: w.Sync.Sync.ID,
		Trigger: synchook.TriggerEvent,
	}
}

// manual returns a run that a person triggered.
func (w *world) manual(id string) synchook.Run {
	r := w.run(id)
	r.Trigger = synchook.TriggerManual
	return r
}

// lane is where the world's event runs wait.
func (w *world) lane() synchook.LaneID { return w.run("").Lane() }

// endpointLane is where the project's deliveries wait.
func (w *world) endpointLane() synchook.LaneID {
	return synchook.DeliveryLane(w.Project.Endpoint)
}

// queue puts event runs into their lane and returns the hints to be sent.
func (w *world) queue(t *testing.T, ids ...string) []synchook.Hint {
	t.Helper()
	runs := make([]synchook.Run, len(ids))
	for i, id := range ids {
		runs[i] = w.run(id)
	}
	return w.add(t, runs...)
}

func (w *world) add(t *testing.T, runs ...synchook.Run) []synchook.Hint {
	t.Helper()
	hints, err := w.st.AddRuns(t.Context(), w.p, runs)
	if err != nil {
		t.Fatal(err)
	}
	return hints
}

// first returns a worker's first turn on the lane of event runs: one row at a time.
func (w *world) first(token string) store.Turn {
	return store.Turn{Lane: w.lane(), Token: token, Number: 1, Want: 1, Limit: 1}
}

func (w *world) turn(t *testing.T, turn store.Turn, done ...store.RunDone) store.Taken[synchook.Run] {
	t.Helper()
	taken, err := w.st.TurnRuns(t.Context(), w.p, turn, done)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func (w *world) turnDeliveries(t *testing.T, turn store.Turn, done ...store.DeliveryDone) store.Taken[synchook.Delivery] {
	t.Helper()
	turn.Lane = w.endpointLane()
	taken, err := w.st.TurnDeliveries(t.Context(), w.p, turn, done)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// succeeded hands a run in that owes the endpoint the given deliveries.
func (w *world) succeeded(r synchook.Run, models ...string) store.RunDone {
	r.State, r.Attempts, r.Started = synchook.RunSucceeded, r.Attempts+1, time.UnixMilli(1_700_000_000_000)
	d := store.RunDone{Run: r}
	for _, m := range models {
		d.Deliveries = append(d.Deliveries, synchook.Delivery{
			ID: synchook.SyncDeliveryID(r.ID, m, w.Project.Endpoint), Body: []byte(`{"model":"` + m + `"}`),
			DeliveryFacts: synchook.DeliveryFacts{
				Endpoint: w.Project.Endpoint, Run: r.ID, Integration: r.Integration, Connection: r.Connection, Sync: r.Sync, Model: m,
			},
		})
	}
	return d
}

// owe makes deliveries pending, one for each model, and returns the hints for their endpoint's lane.
func (w *world) owe(t *testing.T, models ...string) []synchook.Hint {
	t.Helper()
	run := w.run(synchook.NewID(synchook.RunPrefix, time.Now()))
	w.add(t, run)
	taken := w.turn(t, w.first("owe"))
	return w.turn(t, store.Turn{Lane: w.lane(), Token: "owe", Number: 2, Leave: store.LeaveIdle}, w.succeeded(taken.Rows[0], models...)).Hints
}

// key returns a key in the project's slot.
func (w *world) key(parts ...string) string {
	return "{" + string(w.p) + "}:" + strings.Join(parts, ":")
}

// leaseEnds makes the lease of a lane run out, as if its worker had been silent for too long.
func (w *world) leaseEnds(t *testing.T, lane synchook.LaneID) {
	t.Helper()
	if err := w.rdb.HSet(t.Context(), w.key("lane", string(lane)), "till", 1).Err(); err != nil {
		t.Fatal(err)
	}
	w.overdue(t, lane)
}

// overdue makes it so that somebody should have touched the lane by now.
func (w *world) overdue(t *testing.T, lane synchook.LaneID) {
	t.Helper()
	if err := w.rdb.ZAdd(t.Context(), w.key("due"), redis.Z{Score: 1, Member: string(lane)}).Err(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) readRun(t *testing.T, id synchook.RunID) synchook.Run {
	t.Helper()
	r, err := w.st.Run(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) readDelivery(t *testing.T, id synchook.DeliveryID) synchook.Delivery {
	t.Helper()
	d, err := w.st.Delivery(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wantHint fails unless the only hint is one for the lane; it returns it.
func wantHint(t *testing.T, hints []synchook.Hint, lane synchook.LaneID) synchook.Hint {
	t.Helper()
	if len(hints) != 1 || hints[0].Lane != lane {
		t.Fatalf("hints = %+v, want one for lane %s", hints, lane)
	}
	return hints[0]
}

func wantWord[Row any](t *testing.T, taken store.Taken[Row], word store.TurnWord, rows int) {
	t.Helper()
	if taken.Word != word || len(taken.Rows) != rows {
		t.Fatalf("the turn says %q with %d rows, want %q with %d", taken.Word, len(taken.Rows), word, rows)
	}
}

// wantKind fails unless the error is a fault of the kind with the reason.
func wantKind(t *testing.T, err error, kind synchook.Kind, reason string) {
	t.Helper()
	var f *synchook.Fault
	if !errors.As(err, &f) || f.Kind != kind || f.Reason != reason {
		t.Errorf("error = %v, want a fault of kind %d, %q", err, kind, reason)
	}
}

// ownServer returns a Redis that is the test's own: a real one, or with STORE_TESTS_ON=in-process one of
// those.
func ownServer(t testing.TB) redis.UniversalClient {
	t.Helper()
	if os.Getenv("STORE_TESTS_ON") == "in-process" {
		return inProcess(t)
	}
	return plain(t)
}
