package worker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// exhausted makes n deliveries of one run that are given up after an attempt. No hint is sent, so no worker knows.
func (h *house) exhausted(x storetest.Sync, n int) {
	h.t.Helper()
	ctx := context.Background()
	run := synchook.Run{
		ID:          synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now())),
		Integration: x.Integration.ID, Connection: x.Connection.ID, Sync: x.Sync.ID, Trigger: synchook.TriggerEvent,
	}
	if _, err := h.store.AddRuns(ctx, x.Project.ID, []synchook.Run{run}); err != nil {
		h.t.Fatal(err)
	}
	turn := store.Turn{Lane: run.Lane(), Token: string(run.ID), Number: 1, Want: 1, Limit: 1}
	taken, err := h.store.TurnRuns(ctx, x.Project.ID, turn, nil)
	if err != nil || len(taken.Rows) != 1 {
		h.t.Fatalf("taking the run: %+v, %v", taken, err)
	}
	done := store.RunDone{Run: taken.Rows[0]}
	done.Run.State = synchook.RunSucceeded
	for i := range n {
		model := fmt.Sprintf("Model%d", i)
		done.Deliveries = append(done.Deliveries, synchook.Delivery{
			ID: synchook.SyncDeliveryID(run.ID, model, x.Project.Endpoint), Body: []byte(`{"model":"` + model + `"}`),
			DeliveryFacts: synchook.DeliveryFacts{
				Endpoint: x.Project.Endpoint, Run: run.ID, Integration: run.Integration, Connection: run.Connection, Sync: run.Sync, Model: model,
			},
		})
	}
	turn.Number, turn.Want, turn.Leave = 2, 0, store.LeaveNow
	if _, err := h.store.TurnRuns(ctx, x.Project.ID, turn, []store.RunDone{done}); err != nil {
		h.t.Fatal(err)
	}
	h.giveUp(x, n)
}

func (h *house) giveUp(x storetest.Sync, n int) {
	h.t.Helper()
	turn := store.Turn{Lane: synchook.DeliveryLane(x.Project.Endpoint), Token: "gives-up", Number: 1, Want: n, Limit: n}
	taken, err := h.store.TurnDeliveries(context.Background(), x.Project.ID, turn, nil)
	if err != nil || len(taken.Rows) != n {
		h.t.Fatalf("taking the deliveries: %d, %v", len(taken.Rows), err)
	}
	var done []store.DeliveryDone
	for _, d := range taken.Rows {
		d.State, d.Attempts = synchook.DeliveryExhausted, 1
		done = append(done, store.DeliveryDone{Delivery: d, Attempt: &synchook.Attempt{Number: 1, Status: 500, Started: time.Now()}})
	}
	turn.Number, turn.Want, turn.Leave = 2, 0, store.LeaveNow
	if _, err := h.store.TurnDeliveries(context.Background(), x.Project.ID, turn, done); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) recovery(x storetest.Sync, f synchook.RecoveryFilter, rate float64) (synchook.Recovery, []synchook.Hint) {
	h.t.Helper()
	r, hints, err := h.store.CreateRecovery(context.Background(), synchook.Caller{Project: x.Project.ID}, f, rate)
	if err != nil {
		h.t.Fatal(err)
	}
	return r, hints
}

func (h *house) send(hints []synchook.Hint) {
	h.t.Helper()
	if err := h.queue.Send(context.Background(), hints...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) steer(x storetest.Sync, id synchook.RecoveryID, to synchook.RecoveryState) synchook.Recovery {
	h.t.Helper()
	hints, err := h.store.SteerRecovery(context.Background(), synchook.Caller{Project: x.Project.ID}, id, to)
	if err != nil {
		h.t.Fatal(err)
	}
	h.send(hints)
	return h.readRecovery(x, id)
}

func (h *house) readRecovery(x storetest.Sync, id synchook.RecoveryID) synchook.Recovery {
	h.t.Helper()
	r, err := h.store.Recovery(context.Background(), x.Project.ID, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// recovered waits until a recovery has gone through all.
func (h *house) recovered(x storetest.Sync, id synchook.RecoveryID) synchook.Recovery {
	h.t.Helper()
	var r synchook.Recovery
	h.until("the recovery has ended", func() bool { r = h.readRecovery(x, id); return r.State.Ended() })
	return r
}

// wantOnce fails unless n webhooks come, each once.
func (r *receiver) wantOnce(t *testing.T, n int) {
	t.Helper()
	came := map[string]bool{}
	for range n {
		id := r.want(t).header.Get("Webhook-Id")
		if came[id] {
			t.Errorf("%s came twice", id)
		}
		came[id] = true
	}
	if len(r.got) > 0 {
		t.Errorf("%d more came", len(r.got))
	}
}

func TestARecoveryWhoseWorkerDiedIsFinishedByAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, "code")
	app := newReceiver(t)
	h.settings(x, func(s *synchook.Settings) { s.WebhookURL = app.URL })
	h.exhausted(x, 500)
	r, _ := h.recovery(x, synchook.RecoveryFilter{}, 0)

	lane := synchook.RecoveryLane(x.Project.ID) // a worker takes it and a step of it, and dies
	taken, err := h.store.TurnRecoveries(t.Context(), x.Project.ID, store.Turn{Lane: lane, Token: "dies", Number: 1, Want: 1, Limit: 1}, nil)
	if err != nil || len(taken.Rows) != 1 {
		t.Fatalf("taking the recovery: %+v, %v", taken, err)
	}
	if step, err := h.store.Recover(t.Context(), x.Project.ID, r.ID); err != nil || step.Retried != 200 {
		t.Fatalf("the step = %+v, %v", step, err)
	}
	tag := "{" + string(x.Project.ID) + "}:"
	h.rdb.HSet(t.Context(), tag+"lane:"+string(lane), "till", 1) // and its leases and hints were in time long ago
	for _, overdue := range []synchook.LaneID{lane, synchook.DeliveryLane(x.Project.Endpoint)} {
		h.rdb.ZAdd(t.Context(), tag+"due", redis.Z{Score: float64(time.Now().Add(-20 * time.Second).UnixMilli()), Member: string(overdue)})
	}
	if got := h.recovered(x, r.ID); got.State != synchook.RecoverySucceeded || got.Retried != 500 || got.Skipped != 0 {
		t.Errorf("the recovery is %+v", got)
	}
	app.wantOnce(t, 500)
}

func TestARecoveryKeepsItsRateOnAverage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, "code")
	app := newReceiver(t)
	h.settings(x, func(s *synchook.Settings) { s.WebhookURL = app.URL })
	const n, rate = 241, 40
	h.exhausted(x, n)
	r, hints := h.recovery(x, synchook.RecoveryFilter{}, rate)
	h.send(hints)
	got := h.recovered(x, r.ID)
	took, want := got.Ended.Sub(got.Created), (n-1)*time.Second/rate
	if got.Retried != n || took < want*9/10 || took > want*11/10 {
		t.Errorf("%d were retried in %v, want %d in %v", got.Retried, took, n, want)
	}
	app.wantOnce(t, n)
}

func TestARecoveryIsPausedResumedAndCancelledWhileItIsWorked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, "code")
	app := newReceiver(t)
	h.settings(x, func(s *synchook.Settings) { s.WebhookURL = app.URL })
	h.exhausted(x, 400)
	slow, hints := h.recovery(x, synchook.RecoveryFilter{}, 20)
	h.send(hints)
	beyond := func(n int64) func() bool {
		return func() bool { return h.readRecovery(x, slow.ID).Retried > n }
	}
	h.until("it goes on", beyond(2))
	paused := h.steer(x, slow.ID, synchook.RecoveryPaused)
	other, hints := h.recovery(x, synchook.RecoveryFilter{Model: "Model399"}, 0)
	h.send(hints)
	if got := h.recovered(x, other.ID); got.Retried != 1 {
		t.Errorf("another one, which it does not hold up, is %+v", got)
	}
	if got := h.readRecovery(x, slow.ID); got != paused {
		t.Errorf("paused as %+v, it went on to %+v", paused, got)
	}
	h.steer(x, slow.ID, synchook.RecoveryRunning)
	h.until("it goes on again", beyond(paused.Retried+2))
	cancelled := h.steer(x, slow.ID, synchook.RecoveryCancelled)
	app.wantOnce(t, int(cancelled.Retried)+1)
	if got := h.readRecovery(x, slow.ID); got != cancelled || got.Retried >= got.Found {
		t.Errorf("cancelled as %+v, it went on to %+v", cancelled, got)
	}
}

// What fails again for good is given up again, after a schedule of its own.
func TestARecoveredDeliveryThatFailsAgainIsGivenUpAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, "code")
	app := newReceiver(t, 500, 500)
	h.settings(x, func(s *synchook.Settings) { s.WebhookURL, s.RetrySchedule = app.URL, []time.Duration{time.Second} })
	w := h.watcher(x.Project, nil, synchook.DeliveryGivenUp)
	h.exhausted(x, 1)
	r, hints := h.recovery(x, synchook.RecoveryFilter{}, 0)
	h.send(hints)
	h.recovered(x, r.ID)
	kind, data := w.told(t)
	if reason, _ := data["reason"].(string); kind != "delivery.exhausted" || data["attempts"] != 3.0 || !strings.HasPrefix(reason, "all 2 attempts since it was retried failed; ") {
		t.Errorf("told: %s %v", kind, data)
	}
}
