package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// deliveries measures a worker that drains deliveries which wait already, until the last is handed in.
func deliveries(of func(*bench) *redisServer, endpoints int) round {
	return func(ctx context.Context, b *bench) ([]sample, error) {
		h, err := newHouse(ctx, b, of(b))
		if err != nil {
			return nil, err
		}
		defer h.close()
		n := b.scale(30_000)
		m, err := h.drain(ctx, n, endpoints)
		if err != nil {
			return nil, err
		}
		return []sample{m.rate(n)}, nil
	}
}

// drain owes n deliveries and has a worker deliver them all. The meter runs since the worker's start.
func (h *house) drain(ctx context.Context, n, endpoints int) (meter, error) {
	received := newCountdown(n)
	r, err := newReceiver(func([]byte) { received.tick() })
	if err != nil {
		return meter{}, err
	}
	defer r.stop()
	var projects []synchook.Project
	for range endpoints {
		p, err := h.project(ctx, r.url)
		if err != nil {
			return meter{}, err
		}
		if err := h.runs(ctx, p, n/endpoints, 1); err != nil {
			return meter{}, err
		}
		projects = append(projects, p)
	}
	m := startMeter(h.server)
	defer h.work(ctx)()
	if err := received.wait(ctx); err != nil {
		return m, err
	}
	return m, h.empty(ctx, projects)
}

// runs stores n runs that have ended and owe a number of deliveries each, as a worker hands them in.
func (h *house) runs(ctx context.Context, p synchook.Project, n, owed int) error {
	in, err := h.store.CreateIntegration(ctx, p.ID, synchook.Integration{Key: "bench", Provider: "github"})
	if err != nil {
		return err
	}
	for left := n; left > 0; left -= 500 {
		c, err := h.store.CreateConnection(ctx, p.ID, synchook.Connection{
			Integration: in.ID, Name: fmt.Sprintf("customer-%d", left), Metadata: []byte("{}"), Config: []byte("{}"),
		})
		if err != nil {
			return err
		}
		hints, err := h.batch(ctx, p, c, min(left, 500), owed)
		if err != nil {
			return err
		}
		if err := h.queue.Send(ctx, hints...); err != nil {
			return err
		}
	}
	return nil
}

// batch queues runs in a lane of their own, takes them all, and hands them in. It returns the hints for
// the endpoint's lane.
func (h *house) batch(ctx context.Context, p synchook.Project, c synchook.Connection, n, owed int) ([]synchook.Hint, error) {
	now := time.Now()
	runs := make([]synchook.Run, n)
	done := make([]store.RunDone, n)
	for i := range runs {
		runs[i] = synchook.Run{
			ID: synchook.RunID(synchook.NewID(synchook.RunPrefix, now)), Integration: c.Integration, Connection: c.ID, Sync: "syn_bench", Trigger: synchook.TriggerEvent,
		}
		done[i] = ended(runs[i], p.Endpoint, owed)
	}
	return h.handIn(ctx, p, runs, done)
}

// handIn queues runs in the lane of the first, takes them all, and hands them in as done.
func (h *house) handIn(ctx context.Context, p synchook.Project, runs []synchook.Run, done []store.RunDone) ([]synchook.Hint, error) {
	if _, err := h.store.AddRuns(ctx, p.ID, runs); err != nil {
		return nil, err
	}
	n := len(runs)
	turn := store.Turn{Lane: runs[0].Lane(), Token: string(runs[0].ID), Number: 1, Want: n, Limit: n}
	if _, err := h.store.TurnRuns(ctx, p.ID, turn, nil); err != nil {
		return nil, err
	}
	turn.Number, turn.Want, turn.Leave = 2, 0, store.LeaveNow
	taken, err := h.store.TurnRuns(ctx, p.ID, turn, done)
	return taken.Hints, err
}

// ended is a succeeded run that added a record to each of some models.
func ended(r synchook.Run, end synchook.EndpointID, owed int) store.RunDone {
	r.State, r.Attempts, r.Started = synchook.RunSucceeded, 1, time.Now()
	d := store.RunDone{Run: r}
	for i := range owed {
		model := "Model" + strings.Repeat("I", i+1)
		d.Deliveries = append(d.Deliveries, synchook.Delivery{
			ID: synchook.SyncDeliveryID(r.ID, model, end),
			Body: webhook.SyncBody{
				ConnectionID: "customer-" + string(r.Connection), ProviderConfigKey: "github", SyncName: "github-issues", Model: model,
				Counts: webhook.Counts{Added: 1}, QueryTimeStamp: r.Started,
			}.Bytes(),
			DeliveryFacts: synchook.DeliveryFacts{
				Endpoint: end, Run: r.ID, Integration: r.Integration, Connection: r.Connection, Sync: r.Sync, Model: model,
			},
		})
	}
	return d
}
