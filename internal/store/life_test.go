package store_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// Every script runs where each key of it must be in one slot, and on the in-process server.
func TestALifeOnEveryServer(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]func(testing.TB) redis.UniversalClient{
		"Redis":      plain,
		"cluster":    storetest.Cluster,
		"in-process": inProcess,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worldOn(t, server(t), func(s *synchook.Sync) { s.Frequency = time.Hour })
			liveEvent(t, w)
			liveSchedule(t, w)
			liveSettings(t, w)
			liveEnd(t, w)
		})
	}
}

func plain(t testing.TB) redis.UniversalClient {
	t.Helper()
	return storetest.Redis(t)
}

func inProcess(t testing.TB) redis.UniversalClient {
	t.Helper()
	mr := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: mr.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// liveEvent takes an event from its acceptance to a delivered webhook, with a retry on the way.
func liveEvent(t *testing.T, w *world) {
	t.Helper()
	ctx := t.Context()
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	a.Runs = []synchook.Run{w.run("run_1")}
	hint := wantHint(t, w.accept(t, a).Hints, w.lane())
	turn := w.first("a")
	turn.Generation = hint.Generation
	taken := w.turn(t, turn)
	wantWord(t, taken, store.TurnOK, 1)

	issue := w.Sync.Sync.Models[0].ID
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: "run_1", Lane: synchook.LaneEvent, Fence: taken.Fence}
	opened, err := w.st.OpenRun(ctx, writer)
	if err != nil || opened.Sealed != nil || opened.Started.IsZero() {
		t.Fatalf("opened %+v (%v)", opened, err)
	}
	if err := w.st.SaveBatch(ctx, writer, issue, []store.RecordWrite{record("1", "a"), record("2", "b"), record("3", "c")}); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteBatch(ctx, writer, issue, []string{"3"}); err != nil {
		t.Fatal(err)
	}
	merge := func(_, part []byte) (store.RecordWrite, error) { return content(string(part)), nil }
	if err := w.st.UpdateBatch(ctx, writer, issue, []store.RecordWrite{record("2", "merged")}, merge); err != nil {
		t.Fatal(err)
	}
	sealed, err := w.st.SealRun(ctx, writer, store.Ending{State: synchook.RunSucceeded})
	if want := (synchook.Counts{Added: 2}); err != nil || sealed.Counts[issue] != want {
		t.Fatalf("sealed with %+v (%v), want %+v", sealed.Counts[issue], err, want)
	}
	if again, err := w.st.OpenRun(ctx, writer); err != nil || again.Sealed == nil || again.Sealed.State != synchook.RunSucceeded {
		t.Errorf("opened again: %+v (%v), want it sealed", again, err)
	}
	left := w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Want: 1, Limit: 1, Leave: store.LeaveIdle}, w.succeeded(taken.Rows[0], "Issue"))
	wantWord(t, left, store.TurnLeft, 0)
	wantHint(t, left.Hints, w.endpointLane())
	liveDelivery(t, w)

	records, _, err := w.st.Records(ctx, w.p, store.RecordQuery{Connection: w.Connection.ID, Model: issue, Delta: opened.Started})
	if err != nil || len(records) != 3 {
		t.Errorf("%d records changed since the run's start (%v), want 3", len(records), err)
	}
}

func liveDelivery(t *testing.T, w *world) {
	t.Helper()
	d := w.turnDeliveries(t, at("d", 1)).Rows[0]
	w.turnDeliveries(t, at("d", 2), attempt(d, synchook.DeliveryExhausted, 500))
	leave := at("d", 3)
	leave.Leave = store.LeaveIdle
	wantWord(t, w.turnDeliveries(t, leave), store.TurnLeft, 0)
	hints, err := w.st.RetryDelivery(t.Context(), w.p, w.readDelivery(t, d.ID))
	if err != nil {
		t.Fatal(err)
	}
	wantHint(t, hints, w.endpointLane())
	d = w.turnDeliveries(t, at("e", 1)).Rows[0]
	leave = at("e", 2)
	leave.Leave = store.LeaveIdle
	wantWord(t, w.turnDeliveries(t, leave, attempt(d, synchook.DeliveryDelivered, 200)), store.TurnLeft, 0)
	wantListed(t, w, synchook.DeliveryDelivered, d.ID)
}

// liveSchedule has the schedule fire a full run that deletes what it does not see.
func liveSchedule(t *testing.T, w *world) {
	t.Helper()
	ctx := t.Context()
	due := w.due(t)
	if len(due) != 1 {
		t.Fatalf("due = %+v", due)
	}
	hint := wantHint(t, w.fire(t, due[0]), w.manual("").Lane())
	turn := store.Turn{Lane: hint.Lane, Generation: hint.Generation, Token: "f", Number: 1, Want: 1, Limit: 1}
	taken := w.turn(t, turn)
	wantWord(t, taken, store.TurnOK, 1)
	issue := w.Sync.Sync.Models[0].ID
	writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: taken.Rows[0].ID, Lane: synchook.LaneFull, Fence: taken.Fence, Track: true}
	if _, err := w.st.OpenRun(ctx, writer); err != nil {
		t.Fatal(err)
	}
	if err := w.st.SaveBatch(ctx, writer, issue, []store.RecordWrite{record("1", "a")}); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteUnseen(ctx, writer, issue); err != nil {
		t.Fatal(err)
	}
	sealed, err := w.st.SealRun(ctx, writer, store.Ending{State: synchook.RunSucceeded})
	if want := (synchook.Counts{Deleted: 1}); err != nil || sealed.Counts[issue] != want {
		t.Errorf("the full run counts %+v (%v), want %+v", sealed.Counts[issue], err, want)
	}
	turn.Number, turn.Leave = 2, store.LeaveIdle
	wantWord(t, w.turn(t, turn, w.succeeded(taken.Rows[0])), store.TurnLeft, 0)
	if w.status(t).LastSync.IsZero() {
		t.Error("the full run did not move the last sync date")
	}
}

// liveSettings changes what people change.
func liveSettings(t *testing.T, w *world) {
	t.Helper()
	ctx := t.Context()
	caller := synchook.Caller{Project: w.p}
	if _, err := w.st.UpdateSettings(ctx, caller, "", func(s *synchook.Settings) error { s.AlwaysSend = true; return nil }); err != nil {
		t.Fatal(err)
	}
	_, err := w.st.UpdateConnection(ctx, w.p, w.Connection.ID, func(c *synchook.Connection) error { c.Metadata = []byte(`{"team":"T1"}`); return nil })
	if err != nil || len(w.found(t, "metadata.team", "T1")) != 1 {
		t.Errorf("the updated connection is not found (%v)", err)
	}
	_, key, err := w.st.CreateAPIKey(ctx, w.p, "ci", synchook.AllScopes())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.st.Caller(ctx, key); err != nil || got.Project != w.p {
		t.Errorf("caller = %+v (%v)", got, err)
	}
	if list, _, err := w.st.Connections(ctx, w.p, "", store.Page{Size: 1}); err != nil || len(list) != 1 {
		t.Errorf("connections = %+v (%v)", list, err)
	}
}

// liveEnd replays, sweeps, cancels, prunes and deletes.
func liveEnd(t *testing.T, w *world) {
	t.Helper()
	ctx := t.Context()
	replay := w.event("evt_1", "x1", synchook.OutcomeMatched)
	replay.Runs, replay.Fanout = []synchook.Run{w.run("run_replay")}, true
	if hints, err := w.st.ReplayEvent(ctx, w.p, 1, replay); err != nil || len(hints) != 2 {
		t.Fatalf("hints of the replay: %+v (%v), want two", hints, err)
	}
	turn := store.Turn{Lane: synchook.FanoutLane(w.p), Token: "o", Number: 1, Want: 1, Limit: 1}
	fan, err := w.st.TurnFanout(ctx, w.p, turn, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantWord(t, fan, store.TurnOK, 1)
	turn.Number, turn.Leave = 2, store.LeaveIdle
	if _, err := w.st.TurnFanout(ctx, w.p, turn, []store.FanoutDone{{Event: fan.Rows[0]}}); err != nil {
		t.Fatal(err)
	}
	w.overdue(t, w.lane())
	wantHint(t, w.rewake(t, w.one(t), false), w.lane())
	w.cancel(t, "run_replay")
	if n := w.prune(t, time.Now().Add(time.Hour)); n != 5 {
		t.Errorf("%d rows were pruned, want an event, three runs and a delivery", n)
	}
	if leads, err := w.st.Lead(ctx, string(w.p), "me", time.Minute); err != nil || !leads {
		t.Errorf("leads = %v (%v)", leads, err)
	}
	if err := w.st.DeleteConnection(ctx, w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	if err := w.st.DeleteIntegration(ctx, w.p, w.Integration); err != nil {
		t.Fatal(err)
	}
}
