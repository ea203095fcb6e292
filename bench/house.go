package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/netguard"
	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
	"github.com/synchook/synchook/worker"
)

// house is a store and all around it, on a Redis that was empty when it was built.
type house struct {
	*bench
	server *redisServer
	rdb    *redis.Client
	store  *store.Store
	queue  *queue.Queue
	intake *intake.Intake
}

// newHouse empties the Redis. Close the house when it is no longer used.
func newHouse(ctx context.Context, b *bench, server *redisServer) (*house, error) {
	if err := server.reset(ctx); err != nil {
		return nil, err
	}
	return houseOn(ctx, b, server, server.client())
}

func houseOn(ctx context.Context, b *bench, server *redisServer, rdb *redis.Client) (*house, error) {
	keyring, err := store.NewKeyring(b.key)
	if err != nil {
		return nil, err
	}
	h := &house{bench: b, server: server, rdb: rdb, store: store.New(rdb, keyring), queue: queue.New(rdb, 10*time.Minute)}
	h.intake = &intake.Intake{Store: h.store, Queue: h.queue, Log: b.log, Now: time.Now}
	return h, h.store.Open(ctx)
}

func (h *house) close() { _ = h.rdb.Close() }

// work starts a worker as the program does; stop ends it and waits.
func (h *house) work(ctx context.Context) (stop func()) {
	rdb := h.server.client()
	guard := netguard.New(netguard.Options{Allow: netguard.Loopback()})
	w := worker.New(worker.Options{
		Store: h.store, Queue: h.queue, Redis: rdb, Planner: h.intake, Log: h.log, Registry: prometheus.NewRegistry(),
		Engine: script.New(script.Limits{}), Proxy: &proxy.Client{Transport: guard.Transport()},
		Sender: webhook.NewSender(webhook.Options{Transport: guard.Transport()}),
	})
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	return func() { cancel(); running.Wait(); _ = rdb.Close() }
}

// project makes a project whose webhooks go to the URL.
func (h *house) project(ctx context.Context, url string) (synchook.Project, error) {
	var key [32]byte
	_, _ = rand.Read(key[:]) // crypto/rand.Read never fails
	p, err := h.store.CreateProject(ctx, store.NewProject{Name: "bench", SigningSecret: "whsec_" + base64.StdEncoding.EncodeToString(key[:])})
	if err != nil {
		return p, err
	}
	_, err = h.store.UpdateSettings(ctx, synchook.Caller{Project: p.ID}, "", func(s *synchook.Settings) error {
		s.WebhookURL = url
		return nil
	})
	return p, err
}

// empty waits until no delivery of the projects waits or is in flight.
func (h *house) empty(ctx context.Context, projects []synchook.Project) error {
	return until(ctx, func() bool {
		for _, p := range projects {
			if n, err := h.store.Waiting(ctx, p.ID, synchook.DeliveryLane(p.Endpoint)); err != nil || n > 0 {
				return false
			}
		}
		return true
	})
}
