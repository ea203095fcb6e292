package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// due returns the purges of the world's project that are due; of those that wait for something, the wait
// is over at once.
func (w *world) duePurges(t *testing.T) []store.Purge {
	t.Helper()
	for _, member := range w.rdb.ZRange(t.Context(), "synchook:purges", 0, -1).Val() {
		if strings.HasPrefix(member, string(w.p)) {
			w.rdb.ZAddXX(t.Context(), "synchook:purges", redis.Z{Score: 1, Member: member})
		}
	}
	due, err := w.st.DuePurges(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(due, func(p store.Purge) bool { return p.Project != w.p })
}

// purge takes the steps of all due purges until none is left, and returns what the last of them removed.
func (w *world) purge(t *testing.T) (total store.Purged) {
	t.Helper()
	for range 1000 {
		due := w.duePurges(t)
		if len(due) == 0 {
			return total
		}
		for _, p := range due {
			step, err := w.st.Purge(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if step.Last {
				total = step.Total
			}
		}
	}
	t.Fatal("the purge does not end")
	return total
}

// wantGone fails if any key or member names the ID, but for the marker that stops late workers and statistics,
// which expire.
func (w *world) wantGone(t *testing.T, id string) {
	t.Helper()
	for _, key := range w.mentions(t, id) {
		if (strings.HasSuffix(key, ":gone") || strings.Contains(key, ":stat:")) && w.rdb.TTL(t.Context(), key).Val() > 0 {
			continue
		}
		t.Errorf("%s still names %s", key, id)
	}
}

// busyWorld has a connection with a bit of everything: records, deleted ones, finished runs of both lanes
// with logs, runs that wait and one that waits for its next attempt, deliveries in each state, a schedule,
// and a sync that was removed since; and another connection beside it.
func busyWorld(t *testing.T, rdb redis.UniversalClient) (*world, synchook.Connection) {
	t.Helper()
	w := worldOn(t, rdb, func(s *synchook.Sync) { s.Frequency = time.Hour })
	w.workOnce(t, w.run("run_1"))
	w.workOnce(t, w.manual("run_2"))
	w.owe(t, "Issue")
	d := w.turnDeliveries(t, at("x", 1)).Rows[0]
	leave := at("x", 2)
	leave.Leave = store.LeaveIdle
	w.turnDeliveries(t, leave, attempt(d, synchook.DeliveryExhausted, 500))
	w.owe(t, "Issue")
	if err := w.st.Pause(t.Context(), w.p, w.Sync.Sync.ID, []synchook.ConnectionID{w.Connection.ID}); err != nil {
		t.Fatal(err)
	}
	storetest.Deploy(t, w.st, w.p, store.Deployment{Remove: []synchook.Sync{w.Sync.Sync}})
	w.queue(t, "run_3", "run_4")
	other := w.create(t, "other", "{}")
	w.add(t, synchook.Run{ID: "run_other", Integration: w.Integration.ID, Connection: other.ID, Sync: w.Sync.Sync.ID, Trigger: synchook.TriggerEvent})
	return w, other
}

func TestADeletedConnectionDisappearsAtOnce(t *testing.T) {
	t.Parallel()
	w := worldOn(t, server(t), func(s *synchook.Sync) { s.Frequency = time.Hour })
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	_, err := w.st.Connection(t.Context(), w.p, w.Connection.ID)
	wantKind(t, err, synchook.KindNotFound, "connection_not_found")
	_, err = w.st.ConnectionByName(t.Context(), w.p, w.Integration.ID, "user-1")
	wantKind(t, err, synchook.KindNotFound, "connection_not_found")
	if found := w.found(t, "connection_config.installation_id", "1"); len(found) != 0 {
		t.Errorf("events still find %v", found)
	}
	if due := w.due(t); len(due) != 0 {
		t.Errorf("schedules %v are due", due)
	}
	if list, _, err := w.st.Connections(t.Context(), w.p, "", store.Page{}); err != nil || len(list) != 0 {
		t.Errorf("listed: %v (%v)", list, err)
	}
	if hints := w.queue(t, "run_1"); len(hints) != 0 {
		t.Errorf("a run was queued for it: %v", hints)
	}
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestThePurgeOfAConnectionLeavesNothingOfItAndAllOfTheOthers(t *testing.T) {
	t.Parallel()
	w, other := busyWorld(t, server(t))
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteIntegration(t.Context(), w.p, w.Integration); err == nil {
		t.Error("the integration was deleted under its other connection")
	}
	if got, want := w.purge(t), (store.Purged{Records: 1, Runs: 6, Deliveries: 2}); got != want {
		t.Errorf("removed %+v, want %+v", got, want)
	}
	w.wantGone(t, string(w.Connection.ID))
	if r := w.readRun(t, "run_other"); r.State != synchook.RunQueued {
		t.Errorf("the run of the other connection: %+v", r)
	}
	if n := len(w.mentions(t, string(other.ID))); n < 6 {
		t.Errorf("%d keys name the other connection", n)
	}
}

// A crash loses nothing but the step that it hits: after each possible number of steps, and with each
// repeated, the end is the same.
func TestAPurgeThatIsKilledAnywhereGoesOnToTheSameEnd(t *testing.T) {
	t.Parallel()
	w, _ := busyWorld(t, server(t))
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	w.purgeKilled(t)
	w.wantGone(t, string(w.Connection.ID))
}

// purgeKilled has each step of the due purges killed after one command, two, and so on, until it ends.
func (w *world) purgeKilled(t *testing.T) {
	t.Helper()
	process := kill(w.rdb)
	for n := 1; n < 5000; n++ {
		due := w.duePurges(t)
		if len(due) == 0 {
			return
		}
		process.after(n % 6) // 0: this one lives
		for _, p := range due {
			if _, err := w.st.Purge(t.Context(), p); err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
		}
		process.after(0)
	}
	t.Fatal("the purge does not end")
}

func TestADeletionThatIsKilledHappensWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	rdb := server(t)
	process := kill(rdb)
	for n, killed := 1, true; killed; n++ {
		w, _ := busyWorld(t, rdb)
		process.after(n)
		killed = w.st.DeleteConnection(t.Context(), w.p, w.Connection) != nil
		process.after(0)
		mentions := len(w.mentions(t, string(w.Connection.ID)))
		w.purge(t)
		_, err := w.st.Connection(t.Context(), w.p, w.Connection.ID)
		if !synchook.IsKind(err, synchook.KindNotFound) {
			if now := len(w.mentions(t, string(w.Connection.ID))); now < mentions-1 || err != nil {
				t.Errorf("killed after %d commands: %d of %d keys are left, but the connection is there (%v)", n, now, mentions, err)
			}
			continue
		}
		w.wantGone(t, string(w.Connection.ID))
	}
}

func TestAnIntentThatNoDeletionFollowedIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	member := string(w.p) + "/" + string(w.Connection.ID)
	w.rdb.ZAdd(t.Context(), "synchook:purges", redis.Z{Score: 1, Member: member})
	w.purge(t)
	if _, err := w.st.Connection(t.Context(), w.p, w.Connection.ID); err != nil {
		t.Error(err)
	}
	if err := w.rdb.ZScore(t.Context(), "synchook:purges", member).Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("the intent is still there (%v)", err)
	}
}

func TestAPurgeWaitsForTheRunInFlightWhichSavesNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1", "run_2")
	taken := w.turn(t, w.first("a"))
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: "run_1", Lane: synchook.LaneEvent, Fence: taken.Fence}
	if _, err := w.st.OpenRun(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		for _, p := range w.duePurges(t) {
			if step, err := w.st.Purge(t.Context(), p); err != nil || step.Last {
				t.Fatalf("the purge has ended (%v) under a run in flight", err)
			}
		}
	}
	if wanted, err := w.st.CancelWanted(t.Context(), w.p, "run_1"); err != nil || !wanted {
		t.Errorf("the run in flight is not asked to end (%v)", err)
	}
	done := w.succeeded(taken.Rows[0], "Issue")
	left := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1}, done)
	wantWord(t, left, store.TurnLeft, 0)
	w.purge(t)
	w.wantGone(t, string(w.Connection.ID))
	if n := w.rdb.ZCard(t.Context(), w.key("deliveries")).Val(); n != 0 {
		t.Errorf("the run of a deleted connection owes %d webhooks", n)
	}
	model := w.Sync.Sync.Models[0].ID
	if err := w.st.SaveBatch(t.Context(), writer, model, []store.RecordWrite{record("1", "x")}); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a run of a deleted connection saves: %v, want %v", err, store.ErrFenced)
	}
	_, err := w.st.OpenRun(t.Context(), writer)
	wantKind(t, err, synchook.KindNotFound, "connection_not_found")
	if err := w.st.AppendLog(t.Context(), w.p, w.Connection.ID, "run_1", []store.LogLine{{Message: "late"}}, time.Hour); err != nil {
		t.Error(err)
	}
	wantWord(t, w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 3, Want: 1, Limit: 1}, done), store.TurnLost, 0)
	wantWord(t, w.turn(t, w.first("b")), store.TurnStale, 0)
	w.wantGone(t, string(w.Connection.ID))
}

func TestAPurgeTakesTheRunOfAWorkerThatDied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	w.turn(t, w.first("dead"))
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	w.leaseEnds(t, w.lane())
	w.purge(t)
	w.wantGone(t, string(w.Connection.ID))
}

func TestAPurgeWaitsForThePostInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owe(t, "A", "B")
	d := w.turnDeliveries(t, store.Turn{Token: "d", Number: 1, Want: 1, Limit: 1}).Rows[0]
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		for _, p := range w.duePurges(t) {
			if step, err := w.st.Purge(t.Context(), p); err != nil || step.Last {
				t.Fatalf("the purge has ended (%v) under a post in flight", err)
			}
		}
	}
	w.turnDeliveries(t, store.Turn{Token: "d", Number: 2}, attempt(d, synchook.DeliveryPending, 500))
	w.purge(t)
	w.wantGone(t, string(w.Connection.ID))
	if n := w.rdb.ZCard(t.Context(), w.key("rows", string(w.endpointLane()))).Val(); n != 0 {
		t.Errorf("%d webhooks of it are still owed", n)
	}
}

func TestAnEventIsNotKeptForRunsThatWerePurged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	r := w.run("run_1")
	r.Event = "evt_1"
	a.Runs = []synchook.Run{r}
	w.accept(t, a)
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	w.purge(t)
	if n := w.prune(t, inAnHour()); n != 1 {
		t.Errorf("%d rows were pruned, want the event", n)
	}
}
