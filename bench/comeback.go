package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

const (
	owedLong    = 50_000                 // webhooks that an endpoint is owed which was down
	owedEach    = 500                    // of one connection
	downFor     = 24 * time.Hour         // how long it was down
	comebackFor = 5 * time.Millisecond   // an answer of the endpoint takes, once it is back
	comesBack   = 500 * time.Millisecond // the time after that in which it must not be flooded
)

// comeback measures how an endpoint comes back that was down for a day: how many requests it gets at once at first, how long
// it takes until it has everything, and how many requests that are when webhooks become one.
func comeback(ctx context.Context, b *bench) ([]sample, error) {
	most, took, _, err := b.comeBack(ctx, false)
	if err != nil {
		return nil, err
	}
	_, tookOne, requests, err := b.comeBack(ctx, true)
	if err != nil {
		return nil, err
	}
	return []sample{{value: float64(most)}, {value: took.Seconds()}, {value: float64(requests)}, {value: tookOne.Seconds()}}, nil
}

// comeBack owes many webhooks to an endpoint that was down for a day, and has a worker probe it now that it is up again. It
// returns how many requests came at once at first, when it had everything, and how many it took.
func (b *bench) comeBack(ctx context.Context, coalesce bool) (most int, took time.Duration, requests int, err error) {
	h, err := newHouse(ctx, b, b.everysec)
	if err != nil {
		return 0, 0, 0, err
	}
	defer h.close()
	e, err := newPatient()
	if err != nil {
		return 0, 0, 0, err
	}
	defer e.stop()
	p, err := h.project(ctx, e.url)
	if err != nil {
		return 0, 0, 0, err
	}
	for left := b.scale(owedLong); left > 0; left -= owedEach {
		if err := h.oweMany(ctx, p, min(left, owedEach), left, coalesce); err != nil {
			return 0, 0, 0, err
		}
	}
	if err := h.failed(ctx, p, downFor); err != nil {
		return 0, 0, 0, err
	}
	defer h.work(ctx)()
	if err := h.empty(ctx, []synchook.Project{p}); err != nil {
		return 0, 0, 0, err
	}
	most, took, requests = e.account()
	return most, took, requests, nil
}

// oweMany owes an endpoint the webhooks of one connection.
func (h *house) oweMany(ctx context.Context, p synchook.Project, n, number int, coalesce bool) error {
	c, err := h.store.CreateConnection(ctx, p.ID, synchook.Connection{
		Integration: "int_bench", Name: fmt.Sprintf("customer-%d", number), Metadata: []byte("{}"), Config: []byte("{}"),
	})
	if err != nil {
		return err
	}
	runs, done := make([]synchook.Run, n), make([]store.RunDone, n)
	for i := range runs {
		runs[i] = synchook.Run{
			ID: synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now())), Integration: c.Integration, Connection: c.ID, Sync: "syn_bench", Trigger: synchook.TriggerEvent,
		}
		done[i] = ended(runs[i], p.Endpoint, 1)
		done[i].Deliveries[0].Coalesces = coalesce
	}
	hints, err := h.handIn(ctx, p, runs, done)
	if err != nil {
		return err
	}
	return h.queue.Send(ctx, hints...)
}

// failed leaves the project's endpoint as one is left that has answered nothing but 500 for some time: to be probed now.
func (h *house) failed(ctx context.Context, p synchook.Project, long time.Duration) error {
	rules := webhook.FlowRules{MaxInFlight: 64}
	now := time.Now()
	var flow webhook.Flow
	for i, at := 0, now.Add(-long); at.Before(now); i++ {
		failed := webhook.Observation{
			Delivery: fmt.Sprint(i), Outcome: webhook.Retry, Status: http.StatusInternalServerError, Reason: "the endpoint answered 500", At: at, InFlight: 1,
		}
		next := flow.After(failed, rules, 0.5)
		_, probe := next.Allow(rules, 0, at)
		if probe.After(now) {
			break // flow is as it was before: its probe is due
		}
		flow = next
		if !probe.IsZero() {
			at = probe
		}
	}
	if !flow.Probing() {
		return fmt.Errorf("an endpoint that failed for %s is not probed", long)
	}
	turn := store.Turn{Lane: synchook.DeliveryLane(p.Endpoint), Token: "bench", Number: 1, Limit: 1}
	if _, err := h.store.TurnDeliveries(ctx, p.ID, turn, nil); err != nil {
		return err
	}
	turn.Number, turn.Leave, turn.Flow = 2, store.LeaveNow, &store.FlowTold{Text: flow.Text(rules, now)}
	taken, err := h.store.TurnDeliveries(ctx, p.ID, turn, nil)
	if err != nil {
		return err
	}
	return h.queue.Send(ctx, taken.Hints...)
}

// patient is an endpoint that takes its time.
type patient struct {
	url  string
	stop func()

	mu       sync.Mutex
	back     time.Time // when the first request came
	flying   int
	most     int // in flight at once while it came back
	requests int // that it took
	last     time.Time
}

func newPatient() (*patient, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &patient{url: "http://" + l.Addr().String() + "/hook"}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: e}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	e.stop = func() { _ = s.Close(); <-served }
	return e, nil
}

// ServeHTTP takes its time.
func (e *patient) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	e.begins()
	select {
	case <-time.After(comebackFor):
	case <-r.Context().Done():
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flying--
	e.requests++
	e.last = time.Now()
}

func (e *patient) begins() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.back.IsZero() {
		e.back = time.Now()
	}
	e.flying++
	if time.Since(e.back) < comesBack {
		e.most = max(e.most, e.flying)
	}
}

// account returns how many came at once at first, how long it took until the last, and how many came.
func (e *patient) account() (most int, took time.Duration, requests int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.most, e.last.Sub(e.back), e.requests
}
