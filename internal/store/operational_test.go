package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// tells is what an operational webhook of that type about the run is owed to the endpoint with.
func (w *world) tells(run synchook.Run, kind synchook.OperationalType) synchook.Delivery {
	return synchook.Delivery{
		ID: synchook.OperationalDeliveryID(kind, string(run.ID), 0, w.Project.Endpoint), Body: []byte(`{"type":"` + kind + `"}`),
		DeliveryFacts: synchook.DeliveryFacts{Endpoint: w.Project.Endpoint, Run: run.ID, Connection: run.Connection, Operational: kind},
	}
}

// leaves is a hand-in of a run that leaves its sync and its connection so, with all webhooks that may tell of it.
func (w *world) leaves(run synchook.Run, state synchook.RunState, sync store.Standing, access store.Access) store.RunDone {
	run.State, run.Attempts, run.Started = state, run.Attempts+1, time.UnixMilli(1_700_000_000_000)
	d := store.RunDone{Run: run, Sync: sync, Access: access}
	switch sync {
	case store.Bad:
		d.Deliveries = append(d.Deliveries, w.tells(run, synchook.SyncFailed))
	case store.Good:
		d.Deliveries = append(d.Deliveries, w.tells(run, synchook.SyncRecovered))
	}
	if access.Standing == store.Bad {
		d.Deliveries = append(d.Deliveries, w.tells(run, synchook.ConnectionRefused))
	}
	return d
}

// end takes a new run, hands it in twice, and returns it.
func (w *world) end(t *testing.T, run synchook.Run, done func(synchook.Run) store.RunDone) synchook.Run {
	t.Helper()
	run.ID = synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now()))
	w.add(t, run)
	turn := store.Turn{Lane: run.Lane(), Token: string(run.ID), Number: 1, Want: 1, Limit: 1}
	taken := w.turn(t, turn)
	wantWord(t, taken, store.TurnOK, 1)
	turn.Number, turn.Want = 2, 0
	w.turn(t, turn, done(taken.Rows[0]))
	w.turn(t, turn, done(taken.Rows[0]))
	turn.Number, turn.Leave = 3, store.LeaveNow
	w.turn(t, turn)
	return w.readRun(t, run.ID)
}

// told returns the types of the operational webhooks that a run made.
func (w *world) told(t *testing.T, run synchook.Run) []synchook.OperationalType {
	t.Helper()
	var types []synchook.OperationalType
	for _, id := range run.Deliveries {
		if d := w.readDelivery(t, id); d.Operational != "" {
			types = append(types, d.Operational)
		}
	}
	return types
}

func TestOneWebhookTellsThatASyncFailsAndOneThatItRecovers(t *testing.T) {
	t.Parallel()
	const (
		failed, recovered = synchook.SyncFailed, synchook.SyncRecovered
		none              = synchook.OperationalType("")
	)
	type step struct {
		trigger synchook.Trigger
		state   synchook.RunState
		sync    store.Standing
		want    synchook.OperationalType
	}
	event, full := synchook.TriggerEvent, synchook.TriggerManual
	for name, steps := range map[string][]step{
		"one that always succeeds":                   {{event, synchook.RunSucceeded, store.Good, none}, {full, synchook.RunSucceeded, store.Good, none}},
		"one that goes on failing":                   {{event, synchook.RunFailed, store.Bad, failed}, {event, synchook.RunFailed, store.Bad, none}, {full, synchook.RunFailed, store.Bad, none}},
		"one that recovers in the other lane":        {{event, synchook.RunFailed, store.Bad, failed}, {full, synchook.RunSucceeded, store.Good, recovered}, {event, synchook.RunSucceeded, store.Good, none}},
		"one that fails again":                       {{full, synchook.RunFailed, store.Bad, failed}, {full, synchook.RunSucceeded, store.Good, recovered}, {full, synchook.RunFailed, store.Bad, failed}},
		"one whose runs are cancelled meanwhile":     {{event, synchook.RunCancelled, store.Unknown, none}, {event, synchook.RunFailed, store.Bad, failed}, {full, synchook.RunCancelled, store.Unknown, none}, {full, synchook.RunFailed, store.Bad, none}},
		"one of which nobody could be told at first": {{event, synchook.RunFailed, store.Unknown, none}, {event, synchook.RunFailed, store.Bad, failed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for i, s := range steps {
				run := w.run("")
				run.Trigger = s.trigger
				run = w.end(t, run, func(r synchook.Run) store.RunDone { return w.leaves(r, s.state, s.sync, store.Access{}) })
				var want []synchook.OperationalType
				if s.want != none {
					want = append(want, s.want)
				}
				if got := w.told(t, run); !slices.Equal(got, want) || run.State != s.state {
					t.Errorf("step %d: the run %s tells %q, want %q", i+1, run.State, got, want)
				}
			}
		})
	}
}

func TestRunsOfBothLanesThatFailAtOnceTellItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const rounds = 20
	for _, standing := range []store.Standing{store.Bad, store.Good} {
		state := map[store.Standing]synchook.RunState{store.Bad: synchook.RunFailed, store.Good: synchook.RunSucceeded}[standing]
		var both sync.WaitGroup
		for _, run := range []synchook.Run{w.run(""), w.manual("")} {
			both.Go(func() {
				for range rounds {
					w.end(t, run, func(r synchook.Run) store.RunDone { return w.leaves(r, state, standing, store.Access{}) })
				}
			})
		}
		both.Wait()
	}
	var told []synchook.OperationalType
	for _, d := range w.deliveriesIn(t) {
		told = append(told, d.Operational)
	}
	slices.Sort(told)
	if want := []synchook.OperationalType{synchook.SyncFailed, synchook.SyncRecovered}; !slices.Equal(told, want) {
		t.Errorf("%d failures and as many successes made %q, want %q", 2*rounds, told, want)
	}
}

func TestOneWebhookTellsThatCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	refused := []synchook.OperationalType{synchook.ConnectionRefused}
	type step struct {
		access store.Access
		want   []synchook.OperationalType
		then   func(*synchook.Connection)
	}
	bad := func(credentials int) store.Access { return store.Access{Standing: store.Bad, Credentials: credentials} }
	good := func(credentials int) store.Access {
		return store.Access{Standing: store.Good, Credentials: credentials}
	}
	for name, steps := range map[string][]step{
		"that are taken":                          {{access: good(0)}, {}, {access: good(0)}},
		"that go on being refused":                {{access: bad(0), want: refused}, {access: bad(0)}, {}, {access: bad(0)}},
		"that are taken meanwhile":                {{access: bad(0), want: refused}, {access: good(0)}, {access: bad(0), want: refused}},
		"that were renewed and are refused again": {{bad(0), refused, func(c *synchook.Connection) { c.Credentials.Value = "renewed" }}, {access: bad(1), want: refused}},
		"that the run had before they were renewed": {
			{bad(0), refused, func(c *synchook.Connection) { c.Credentials.Value = "renewed" }}, {access: bad(0)}, {access: good(0)}, {access: bad(1), want: refused}, {access: good(0)}, {access: bad(1)},
		},
		"of a connection of which something else changes": {{bad(0), refused, func(c *synchook.Connection) { c.Metadata = []byte(`{"a":1}`) }}, {access: bad(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for i, s := range steps {
				run := w.end(t, w.run(""), func(r synchook.Run) store.RunDone { return w.leaves(r, synchook.RunCancelled, store.Unknown, s.access) })
				if got := w.told(t, run); !slices.Equal(got, s.want) {
					t.Errorf("step %d tells %q, want %q", i+1, got, s.want)
				}
				if s.then == nil {
					continue
				}
				if _, err := w.st.UpdateConnection(t.Context(), w.p, w.Connection.ID, func(c *synchook.Connection) error { s.then(c); return nil }); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestARunThatIsTriedAgainTellsOfItsConnectionAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.end(t, w.run(""), func(r synchook.Run) store.RunDone {
		return w.leaves(r, synchook.RunQueued, store.Unknown, store.Access{Standing: store.Bad})
	})
	if got := w.told(t, run); run.State != synchook.RunQueued || !slices.Equal(got, []synchook.OperationalType{synchook.ConnectionRefused}) {
		t.Fatalf("the run %s tells %q", run.State, got)
	}
	turn := store.Turn{Lane: run.Lane(), Token: "again", Number: 1, Want: 1, Limit: 1}
	taken := w.turn(t, turn)
	wantWord(t, taken, store.TurnOK, 1)
	turn.Number, turn.Leave = 2, store.LeaveIdle
	done := w.leaves(taken.Rows[0], synchook.RunFailed, store.Bad, store.Access{Standing: store.Bad})
	w.turn(t, turn, done)
	want := []synchook.OperationalType{synchook.ConnectionRefused, synchook.SyncFailed}
	if got := w.told(t, w.readRun(t, run.ID)); !slices.Equal(got, want) {
		t.Errorf("in the end the run has told %q, want %q", got, want)
	}
}

func TestASealKeepsHowCredentialsWereTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, want := range []store.Access{{}, {Standing: store.Bad, Credentials: 3}, {Standing: store.Good}} {
		writer := store.Writer{Project: w.p, Connection: w.Connection.ID, Run: synchook.RunID(fmt.Sprintf("run_%d", i)), Lane: synchook.LaneEvent, Fence: 1}
		if _, err := w.st.OpenRun(t.Context(), writer); err != nil {
			t.Fatal(err)
		}
		if _, err := w.st.SealRun(t.Context(), writer, store.Ending{State: synchook.RunFailed, Access: want}); err != nil {
			t.Fatal(err)
		}
		opened, err := w.st.OpenRun(t.Context(), writer)
		if err != nil || opened.Sealed == nil || opened.Sealed.Access != want {
			t.Errorf("opened again: %+v, %v; want %+v", opened.Sealed, err, want)
		}
	}
}

// givenUp hands the delivery in as given up, with a webhook to the other endpoint that tells of it.
func (w *world) givenUp(d synchook.Delivery, state synchook.DeliveryState, other synchook.EndpointID) store.DeliveryDone {
	done := attempt(d, state, 500)
	done.Deliveries = []synchook.Delivery{{
		ID: synchook.OperationalDeliveryID(synchook.DeliveryGivenUp, string(d.ID), 0, other), Body: []byte(`{"type":"delivery.exhausted"}`),
		DeliveryFacts: synchook.DeliveryFacts{Endpoint: other, Connection: d.Connection, Operational: synchook.DeliveryGivenUp},
	}}
	return done
}

func TestADeliveryThatIsGivenUpIsToldOfOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID
	w.owe(t, "Issue", "User")
	rows := w.turnDeliveries(t, at("a", 1)).Rows
	waits := w.givenUp(rows[1], synchook.DeliveryPending, other)
	waits.Wait = time.Hour
	done := []store.DeliveryDone{w.givenUp(rows[0], synchook.DeliveryExhausted, other), waits}
	taken := w.turnDeliveries(t, at("a", 2), done...)
	wantHint(t, taken.Hints, synchook.DeliveryLane(other))
	w.turnDeliveries(t, at("a", 2), done...)
	if _, err := w.st.RetryDelivery(t.Context(), w.p, w.readDelivery(t, rows[0].ID)); err != nil {
		t.Fatal(err)
	}
	again := w.turnDeliveries(t, at("a", 3))
	wantWord(t, again, store.TurnOK, 1)
	w.turnDeliveries(t, at("a", 4), w.givenUp(again.Rows[0], synchook.DeliveryExhausted, other))
	told := w.turnAt(t, other, at("b", 1))
	wantWord(t, told, store.TurnOK, 1)
	if d := told.Rows[0]; d.Operational != synchook.DeliveryGivenUp || string(d.Body) != `{"type":"delivery.exhausted"}` || d.Run != "" {
		t.Errorf("told is %+v with %s", d, d.Body)
	}
}

func TestALongTurnTellsOfEachDeliveryThatIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.addEndpoint(t, synchook.Endpoint{URL: "https://two.example"}).ID
	const n = 300
	for range n {
		w.owe(t, "Issue")
	}
	turn := at("a", 1)
	turn.Want, turn.Limit = n, n
	var done []store.DeliveryDone
	for i, d := range w.turnDeliveries(t, turn).Rows {
		states := []synchook.DeliveryState{synchook.DeliveryExhausted, synchook.DeliveryDelivered, synchook.DeliveryCancelled}
		done = append(done, w.givenUp(d, states[i%len(states)], other))
	}
	turn.Number = 2
	w.turnDeliveries(t, turn, done...)
	turn.Number = 1
	if told := w.turnAt(t, other, turn); len(told.Rows) != n/3 {
		t.Errorf("%d were told of, want %d", len(told.Rows), n/3)
	}
}

func TestOperationalWebhooksArePrunedAndPurgedAsOthers(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	w.end(t, w.run(""), func(r synchook.Run) store.RunDone {
		return w.leaves(r, synchook.RunFailed, store.Bad, store.Access{Standing: store.Bad})
	})
	w.wantClean(t, "while operational webhooks wait")
	rows := w.turnDeliveries(t, at("a", 1)).Rows
	if len(rows) != 2 {
		t.Fatalf("%d operational webhooks are owed, want 2", len(rows))
	}
	leave := at("a", 2)
	leave.Leave = store.LeaveIdle
	w.turnDeliveries(t, leave, attempt(rows[0], synchook.DeliveryDelivered, 200), attempt(rows[1], synchook.DeliveryExhausted, 500))
	w.wantClean(t, "when they have ended")
	if n := w.prune(t, time.Now().Add(time.Hour)); n != 3 {
		t.Errorf("%d rows were pruned, want the run and both webhooks", n)
	}
	for _, standing := range []store.Standing{store.Good, store.Bad} { // so that much is noted when the connection goes
		w.end(t, w.run(""), func(r synchook.Run) store.RunDone {
			return w.leaves(r, synchook.RunFailed, standing, store.Access{Standing: standing})
		})
	}
	if err := w.st.DeleteConnection(t.Context(), w.p, w.Connection); err != nil {
		t.Fatal(err)
	}
	w.purge(t)
	if left := w.deliveriesIn(t); len(left) != 0 {
		t.Errorf("of a deleted connection %d webhooks are left", len(left))
	}
	w.wantClean(t, "at the end")
}
