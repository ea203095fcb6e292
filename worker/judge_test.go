package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

func answered(outcome webhook.Outcome, at time.Time) webhook.Attempt {
	return webhook.Attempt{StartedAt: at, Verdict: webhook.Verdict{Outcome: outcome, Reason: "answered"}}
}

func noJitter() float64 { return 0.5 }

func TestThrottlingFaultsOfOursAndProbesUseNoAttemptUp(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := webhook.Schedule{time.Second, time.Minute}
	d := synchook.Delivery{Created: now}
	for _, step := range []struct {
		outcome webhook.Outcome
		spared  bool
		state   synchook.DeliveryState
		wait    time.Duration
	}{
		{webhook.Throttle, false, synchook.DeliveryPending, time.Second},
		{webhook.Fault, false, synchook.DeliveryPending, time.Second},
		{webhook.Throttle, false, synchook.DeliveryPending, time.Second},
		{webhook.Retry, false, synchook.DeliveryPending, time.Second},
		{webhook.Throttle, false, synchook.DeliveryPending, time.Minute},
		{webhook.Retry, false, synchook.DeliveryPending, time.Minute},
		{webhook.Throttle, false, synchook.DeliveryPending, time.Minute},
		{webhook.Retry, true, synchook.DeliveryPending, time.Minute},
		{webhook.Retry, false, synchook.DeliveryExhausted, 0},
	} {
		done := judgeAttempt(d, answered(step.outcome, now), s, noJitter, step.spared)
		if done.Delivery.State != step.state || done.Wait != step.wait {
			t.Errorf("attempt %d, %v: %v after %v, want %v after %v", done.Delivery.Attempts, step.outcome,
				done.Delivery.State, done.Wait, step.state, step.wait)
		}
		d = done.Delivery
	}
	if d.Attempts != 9 || d.Throttled != 6 {
		t.Errorf("in the end %d attempts, %d throttled", d.Attempts, d.Throttled)
	}
}

func TestARetriedDeliveryBeginsItsScheduleAndItsLifetimeAnew(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := webhook.Schedule{time.Second, time.Minute}
	d := synchook.Delivery{Created: now.Add(-30 * 24 * time.Hour), Renewed: now.Add(-time.Hour), Attempts: 3, Base: 3}
	for _, step := range []struct {
		outcome webhook.Outcome
		state   synchook.DeliveryState
		wait    time.Duration
	}{
		{webhook.Retry, synchook.DeliveryPending, time.Second},
		{webhook.Throttle, synchook.DeliveryPending, time.Minute},
		{webhook.Retry, synchook.DeliveryPending, time.Minute},
		{webhook.Retry, synchook.DeliveryExhausted, 0},
	} {
		done := judgeAttempt(d, answered(step.outcome, now), s, noJitter, false)
		if done.Delivery.State != step.state || done.Wait != step.wait {
			t.Errorf("attempt %d, %v: %v after %v, want %v after %v", done.Delivery.Attempts, step.outcome,
				done.Delivery.State, done.Wait, step.state, step.wait)
		}
		if most := s.Most(done.Delivery.Attempts, done.Delivery.Base+done.Delivery.Throttled); most != 6+done.Delivery.Throttled {
			t.Errorf("attempt %d is one of %d", done.Delivery.Attempts, most)
		}
		d = done.Delivery
	}
	if want := "all 3 attempts since it was retried failed; at the last one the endpoint answered"; d.Reason != want {
		t.Errorf("it is given up because %s, want %s", d.Reason, want)
	}
	d.State, d.Renewed = synchook.DeliveryPending, now.Add(-synchook.DeliveryLifetime)
	if done := judgeAttempt(d, answered(webhook.Throttle, now), s, noJitter, false); done.Delivery.State != synchook.DeliveryExhausted {
		t.Errorf("seven days after the retry it is %s", done.Delivery.State)
	}
}

func TestAWaitSaysWhyItIsAsItIs(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, c := range []struct {
		outcome    webhook.Outcome
		retryAfter time.Duration
		want       synchook.WaitCause
	}{
		{webhook.Retry, 0, synchook.WaitSchedule}, {webhook.Retry, time.Second, synchook.WaitSchedule}, {webhook.Retry, time.Hour, synchook.WaitAsked},
		{webhook.Throttle, 0, synchook.WaitSchedule}, {webhook.Throttle, time.Hour, synchook.WaitAsked}, {webhook.Fault, 0, synchook.WaitFault},
	} {
		a := answered(c.outcome, now)
		a.Verdict.RetryAfter = c.retryAfter
		done := judgeAttempt(synchook.Delivery{Created: now, Cause: "before"}, a, webhook.Schedule{time.Minute}, noJitter, false)
		if done.Delivery.Cause != c.want || done.Slowed != (c.outcome == webhook.Throttle) {
			t.Errorf("%v, asked to wait %v: %q, slowed %v", c.outcome, c.retryAfter, done.Delivery.Cause, done.Slowed)
		}
	}
	if done := waiting(synchook.Delivery{Created: now}, errors.New("no key")); done.Delivery.Cause != synchook.WaitFault {
		t.Errorf("a fault of ours: %q", done.Delivery.Cause)
	}
}

func TestADeliveryIsGivenUpAfterItsLifetime(t *testing.T) {
	t.Parallel()
	now := time.Now()
	old := synchook.Delivery{Created: now.Add(-synchook.DeliveryLifetime)}
	if done := judgeAttempt(old, answered(webhook.Throttle, now), webhook.Default(), noJitter, false); done.Delivery.State != synchook.DeliveryExhausted {
		t.Errorf("throttled for seven days: %+v", done.Delivery)
	}
	if done := judgeAttempt(old, answered(webhook.Delivered, now), webhook.Default(), noJitter, false); done.Delivery.State != synchook.DeliveryDelivered {
		t.Errorf("delivered at the last moment: %+v", done.Delivery)
	}
	if done := waiting(old, errors.New("no key")); done.Delivery.State != synchook.DeliveryExhausted {
		t.Errorf("a fault of ours for seven days: %+v", done.Delivery)
	}
	if done := waiting(synchook.Delivery{Created: now}, errors.New("no key")); done.Delivery.State != synchook.DeliveryPending || done.Wait == 0 {
		t.Errorf("a fault of ours: %+v", done)
	}
}

// fakeSweepStore has one schedule for each connection, and one overdue lane for each.
type fakeSweepStore struct {
	Store
	cons    []synchook.ConnectionID
	bad     synchook.ConnectionID
	fired   []synchook.ConnectionID
	late    time.Duration
	rewoken []synchook.LaneID
}

func (f *fakeSweepStore) DueSchedules(context.Context, []synchook.ProjectID, int) (map[synchook.ProjectID][]store.Due, error) {
	due := map[synchook.ProjectID][]store.Due{}
	for _, c := range f.cons {
		due["prj_1"] = append(due["prj_1"], store.Due{Connection: c, Sync: "syn_1", At: time.Now()})
	}
	return due, nil
}

func (f *fakeSweepStore) IntegrationOf(_ context.Context, _ synchook.ProjectID, c synchook.ConnectionID) (synchook.IntegrationID, error) {
	if c == f.bad {
		return "", errors.New("damaged")
	}
	return "int_1", nil
}

func (f *fakeSweepStore) Sync(context.Context, synchook.ProjectID, synchook.IntegrationID, synchook.SyncID) (synchook.Sync, error) {
	return synchook.Sync{ID: "syn_1", Frequency: time.Hour}, nil
}

func (f *fakeSweepStore) Fire(_ context.Context, _ synchook.ProjectID, d store.Due, _ time.Time, _ synchook.Run) ([]synchook.Hint, error) {
	f.fired = append(f.fired, d.Connection)
	return nil, nil
}

func (f *fakeSweepStore) OverdueLanes(context.Context, []synchook.ProjectID, int) (map[synchook.ProjectID][]store.Overdue, error) {
	lanes := map[synchook.ProjectID][]store.Overdue{}
	for _, c := range f.cons {
		lanes["prj_1"] = append(lanes["prj_1"], store.Overdue{
			Lane: synchook.RunLane(c, "syn_1", synchook.LaneEvent), Leased: true, Late: f.late,
		})
	}
	return lanes, nil
}

func (f *fakeSweepStore) Rewake(_ context.Context, _ synchook.ProjectID, o store.Overdue, _ bool) ([]synchook.Hint, error) {
	if o.Lane == synchook.RunLane(f.bad, "syn_1", synchook.LaneEvent) {
		return nil, errors.New("damaged")
	}
	f.rewoken = append(f.rewoken, o.Lane)
	return nil, nil
}

type fakeAnnouncer struct{ Queue }

func (fakeAnnouncer) Announce(context.Context) error { return nil }

func newSweeper(f *fakeSweepStore) *sweeper {
	return &sweeper{
		store: f, queue: fakeAnnouncer{}, metrics: newMetrics(prometheus.NewRegistry()),
		log: slog.New(slog.NewTextHandler(io.Discard, nil)), now: time.Now,
	}
}

func TestOneThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	f := &fakeSweepStore{cons: []synchook.ConnectionID{"con_bad", "con_2", "con_3"}, bad: "con_bad"}
	s := newSweeper(f)
	if err := s.fire(t.Context(), nil); err == nil || !slices.Equal(f.fired, f.cons[1:]) {
		t.Errorf("fired %v (%v)", f.fired, err)
	}
	if err := s.sweep(t.Context(), nil); err == nil || len(f.rewoken) != 2 {
		t.Errorf("woke %v (%v)", f.rewoken, err)
	}
}

func TestALeaseThatSeemsLongOverIsLookedAtTwice(t *testing.T) {
	t.Parallel()
	f := &fakeSweepStore{cons: []synchook.ConnectionID{"con_1"}, late: 10 * time.Minute}
	wantSecondLook(t, f, newSweeper(f))
}

func TestALeaseThatRanOutWhileTheStoreWasAwayIsLookedAtTwice(t *testing.T) {
	t.Parallel()
	f := &fakeSweepStore{cons: []synchook.ConnectionID{"con_1"}, late: time.Second}
	s, now := newSweeper(f), time.Now()
	s.now = func() time.Time { return now }
	s.contact.heard(now)
	now = now.Add(time.Minute)
	s.contact.heard(now)
	wantSecondLook(t, f, s)
	now = now.Add(2 * sweepEvery)
	f.cons, f.rewoken = []synchook.ConnectionID{"con_2"}, nil
	if err := s.sweep(t.Context(), nil); err != nil || len(f.rewoken) != 1 {
		t.Errorf("later: woke %v (%v), want what ran out since at once", f.rewoken, err)
	}
}

// wantSecondLook wants that a lane is woken at the second sweep and not at the first.
func wantSecondLook(t *testing.T, f *fakeSweepStore, s *sweeper) {
	t.Helper()
	for sweep, want := range []int{0, 1} {
		if err := s.sweep(t.Context(), nil); err != nil || len(f.rewoken) != want {
			t.Errorf("after sweep %d: woke %v (%v), want %d", sweep+1, f.rewoken, err, want)
		}
	}
	f.rewoken, f.cons = nil, nil // its worker lives, and renews its lease
	if err := s.sweep(t.Context(), nil); err != nil || len(s.suspects) != 0 {
		t.Errorf("it still suspects %v (%v)", s.suspects, err)
	}
}

type fakePlanner func() error

func (f fakePlanner) FanOut(context.Context, synchook.ProjectID, synchook.EventID) error { return f() }

func TestAFanOutWaitsAfterAFaultAndEndsWithoutAnybody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want store.FanoutDone
	}{
		{nil, store.FanoutDone{Event: "evt_1"}},
		{synchook.NotFound("integration", "int_1"), store.FanoutDone{Event: "evt_1"}},
		{errors.New("the store is away"), store.FanoutDone{Event: "evt_1", Again: true, Wait: trouble}},
	} {
		w := &Worker{options: Options{Planner: fakePlanner(func() error { return c.err }), Log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
		if got := w.fanOut(t.Context(), "prj_1", "evt_1"); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.err, got, c.want)
		}
	}
}
