package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

const aloneP99 = "p99 of healthy endpoints"

const (
	backlog        = 100_000 // deliveries that a bad endpoint is owed
	healthy        = 10      // endpoints beside it
	healthyPerSec  = 200     // deliveries that these get together
	healthySeconds = 8
)

// neighbours measures how long healthy endpoints wait for their webhooks: alone, and beside a bad one that
// is owed many.
func neighbours(ctx context.Context, b *bench) ([]sample, error) {
	alone, err := b.beside(ctx, nil)
	if err != nil {
		return nil, err
	}
	out := []sample{alone}
	for _, bad := range []func() (net.Listener, func(), error){blackHole, dripper} {
		s, err := b.beside(ctx, bad)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// beside measures the p99 of healthy endpoints beside a bad one; nil: there is none.
func (b *bench) beside(ctx context.Context, bad func() (net.Listener, func(), error)) (sample, error) {
	h, err := newHouse(ctx, b, b.everysec)
	if err != nil {
		return sample{}, err
	}
	defer h.close()
	if bad != nil {
		l, stop, err := bad()
		if err != nil {
			return sample{}, err
		}
		defer stop()
		p, err := h.project(ctx, "http://"+l.Addr().String()+"/hook")
		if err != nil {
			return sample{}, err
		}
		if err := h.runs(ctx, p, b.scale(backlog), 1); err != nil {
			return sample{}, err
		}
	}
	return h.healthy(ctx)
}

// healthy has a worker deliver to healthy endpoints at a steady pace, and returns the p99 from when a
// delivery was made until it was received.
func (h *house) healthy(ctx context.Context) (sample, error) {
	n := h.scale(healthyPerSec * healthySeconds)
	c := newClock(n)
	r, err := newReceiver(c.received)
	if err != nil {
		return sample{}, err
	}
	defer r.stop()
	var projects []synchook.Project
	for range healthy {
		p, err := h.project(ctx, r.url)
		if err != nil {
			return sample{}, err
		}
		projects = append(projects, p)
	}
	defer h.work(ctx)()
	owe := func(e event) error { return h.owe(ctx, projects[e.number%healthy], e.number) }
	events := make([]event, n)
	for i := range events {
		events[i].number = i
	}
	samples, err := c.measure(ctx, h, events, time.Second/healthyPerSec, owe)
	if err != nil {
		return sample{}, err
	}
	return samples[1], nil
}

// owe makes one delivery, as the hand-in of a run does. Its body has a number by which it is recognised.
func (h *house) owe(ctx context.Context, p synchook.Project, number int) error {
	run := synchook.Run{
		ID: synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now())), Integration: "int_bench", Connection: synchook.ConnectionID(fmt.Sprintf("con_%d", number)),
		Sync: "syn_bench", Trigger: synchook.TriggerEvent,
	}
	c, err := h.store.CreateConnection(ctx, p.ID, synchook.Connection{
		Integration: run.Integration, Name: string(run.Connection), Metadata: []byte("{}"), Config: []byte("{}"),
	})
	if err != nil {
		return err
	}
	run.Connection = c.ID
	done := ended(run, p.Endpoint, 1)
	done.Deliveries[0].Body = webhook.SyncBody{
		ConnectionID: fmt.Sprintf("customer-%d", number), ProviderConfigKey: "github", SyncName: "github-issues", Model: "Issue",
		Counts: webhook.Counts{Added: 1}, QueryTimeStamp: done.Run.Started,
	}.Bytes()
	hints, err := h.handIn(ctx, p, []synchook.Run{run}, []store.RunDone{done})
	if err != nil {
		return err
	}
	return h.queue.Send(ctx, hints...)
}

// blackHole takes connections and never answers.
func blackHole() (net.Listener, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var taken []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			taken = append(taken, c)
		}
		for _, c := range taken {
			_ = c.Close()
		}
	}()
	return l, func() { _ = l.Close(); <-ended }, nil
}

// dripper answers with a byte a second.
func dripper() (net.Listener, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(drip)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // as in newReceiver
		}
	}()
	return l, func() { _ = s.Close(); <-served }, nil
}

func drip(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte(".")); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}
