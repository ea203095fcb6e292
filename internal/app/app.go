// Package app is the whole program as a value: it wires the store, the queue, the server and the
// worker, starts them in order and stops them in reverse.
package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/dashboard"
	"github.com/synchook/synchook/docs"
	"github.com/synchook/synchook/internal/docsite"
	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/netguard"
	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
	"github.com/synchook/synchook/internal/webhook"
	"github.com/synchook/synchook/server"
	"github.com/synchook/synchook/worker"
)

// App is the program. Make it with New, Start it, and Stop it.
type App struct {
	options  Options
	registry *prometheus.Registry
	tracer   *tracing.Tracer // nil: there are no traces

	dial   dialer
	quiet  *quiet
	watch  *watch
	store  *store.Store
	queue  *queue.Queue
	intake *intake.Intake
	guard  *netguard.Guard

	url    string // where the server listens
	health string // where a process that is only a worker serves what it is asked
	sample Sample
	failed chan error // what ends the program from within

	stopOnce sync.Once
	stopBy   time.Time // when a stop should be over
	parts    []cleanup // that stop side by side, each within the stop timeout
	cleanups []cleanup // of what they stand on, in the order in which it was made
}

// cleanup undoes one step of Start.
type cleanup struct {
	name string
	do   func()
}

// New returns a program that is not started.
func New(o Options) *App {
	o = o.withDefaults()
	a := &App{options: o, registry: newRegistry(o.Version), quiet: newQuiet(), failed: make(chan error, 1)}
	a.watch = &watch{log: o.Log, quiet: a.quiet, reserve: o.RedisReserve, now: time.Now}
	a.options.Log = a.quiet.wrap(o.Log)
	return a
}

// URL is where the server listens, once it is started.
func (a *App) URL() string { return a.url }

// HealthURL is where a process that is only a worker serves /healthz, /readyz and /metrics; empty: nowhere.
func (a *App) HealthURL() string { return a.health }

// Sample is dev's sample project, once it is started.
func (a *App) Sample() Sample { return a.sample }

// Failed gives the error that ends the program from within, if one does.
func (a *App) Failed() <-chan error { return a.failed }

// Start starts everything and returns when it is ready. When it fails, it has undone what it did.
func (a *App) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			a.Stop()
		}
	}()
	if err := a.options.check(); err != nil {
		return err
	}
	secrets, err := a.secrets()
	if err != nil {
		return err
	}
	if err := a.startTraces(ctx); err != nil {
		return err
	}
	if err := a.openStore(ctx); err != nil {
		return err
	}
	if err := a.checkDurability(ctx); err != nil {
		return err
	}
	if a.options.Dev {
		if a.sample, err = sampleOf(ctx, a.store, a.options.DataDir, secrets); err != nil {
			return err
		}
	}
	if a.options.Server {
		if err := a.startServer(ctx); err != nil {
			return err
		}
	}
	if a.options.Worker && !a.options.Server {
		if err := a.startHealth(ctx); err != nil {
			return err
		}
	}
	if a.options.Worker {
		a.startWorker()
	}
	return nil
}

// secrets fills the options' secrets in dev.
func (a *App) secrets() (devSecrets, error) {
	if !a.options.Dev {
		return devSecrets{}, nil
	}
	s, err := readDevSecrets(a.options.DataDir)
	if len(a.options.EncryptionKeys) == 0 {
		a.options.EncryptionKeys = []string{s.EncryptionKey}
	}
	if a.options.AdminKey == "" {
		a.options.AdminKey = s.AdminKey
	}
	s.AdminKey = a.options.AdminKey
	return s, err
}

// openStore connects to Redis, waiting for one that is down, and opens the store and the queue on it.
func (a *App) openStore(ctx context.Context) error {
	keyring, err := store.NewKeyring(a.options.EncryptionKeys...)
	if err != nil {
		return err
	}
	tellOf(a.options.Log)
	dial, stop, err := redisOf(ctx, a.options)
	if err != nil {
		return err
	}
	dial = dial.observed(newRedisMeter(a.registry))
	a.dial = dial
	a.cleanup("redis", stop)
	rdb := a.client(dial.universal())
	a.store = store.New(rdb, keyring)
	a.store.AwaitReplicas(store.Replicas{Number: a.options.WaitReplicas, Timeout: a.options.WaitTimeout})
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := a.store.Open(ctx)
		if err == nil && !a.options.Dev { // which makes new ones where there are none
			err = a.store.CheckKeys(ctx)
		}
		if err == nil {
			break
		}
		if !synchook.IsKind(err, synchook.KindUnavailable) || ctx.Err() != nil {
			return err
		}
		a.options.Log.Warn("Redis does not answer; waiting for it", "redis", dial.where, "wait", wait, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	a.startWatch()
	a.queue = queue.New(a.client(dial.universal()), a.options.ScriptTimeout+5*time.Minute)
	a.intake = &intake.Intake{Store: a.store, Queue: a.queue, Room: a.watch.Room, Log: a.options.Log, Now: time.Now, Tracer: a.tracer}
	allow := slices.Clone(a.options.AllowAddresses)
	if a.options.Dev {
		allow = append(allow, netguard.Loopback()...)
	}
	proxy, err := a.options.egressProxy()
	a.guard = netguard.New(netguard.Options{Allow: allow, Proxy: proxy})
	return err
}

func (a *App) client(c redis.UniversalClient) redis.UniversalClient {
	a.cleanup("redis client", func() { _ = c.Close() })
	return c
}

// startWatch looks at Redis from now on.
func (a *App) startWatch() {
	a.watch.store, a.watch.trouble = a.store, a.dial.trouble
	a.registry.MustRegister(watchGauges(a.watch)...)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { a.watch.run(ctx) })
	a.cleanup("watch", func() { cancel(); running.Wait() })
}

func (a *App) checkDurability(ctx context.Context) error {
	for _, w := range a.store.Durability(ctx).Warnings {
		level := slog.LevelWarn
		if w.Severe {
			level = slog.LevelError
		}
		if a.options.RequireDurableRedis {
			return fmt.Errorf("%s (--require-durable-redis makes this an error)", w.Text)
		}
		if a.options.RedisURL != "" {
			a.options.Log.Log(ctx, level, w.Text)
		}
	}
	return nil
}

func (a *App) startServer(ctx context.Context) error {
	listener, url, err := listen(ctx, a.options.Listen, "--listen")
	if err != nil {
		return err
	}
	pages, err := docsite.New(docs.Files)
	if err != nil {
		return err
	}
	a.url, a.sample.URL = url, url
	public := a.options.PublicURL
	if public == "" && a.options.Dev {
		public = a.url
	}
	s := server.New(server.Options{
		Store: a.store, Intake: a.intake, Queue: a.queue, Prober: a.sender(), Log: a.options.Log, AdminKey: a.options.AdminKey, PublicURL: public,
		AllowPrivateURLs: a.options.Dev || len(a.options.AllowAddresses) > 0, Version: a.options.Version, Ready: a.ready, Registry: a.registry, Tracer: a.tracer,
		QueuesRedis: a.dial, QueuesWritable: a.options.QueuesWritable, Dashboard: dashboard.Files(), Docs: pages,
	})
	a.cleanup("server", func() { _ = s.Close() })
	a.parts = append(a.parts, cleanup{"server", a.serve(listener, s.HTTPServer(listener.Addr().String()))})
	return nil
}

func (a *App) startWorker() {
	a.checkMemory()
	w := worker.New(worker.Options{
		Store: a.store, Queue: a.queue, Redis: a.client(a.dial.queueClient()), Planner: a.intake,
		Engine: script.New(script.Limits{Memory: a.options.ScriptMemory, Timeout: a.options.ScriptTimeout}),
		Proxy:  &proxy.Client{Transport: a.guard.Transport()},
		Sender: a.sender(),
		Log:    a.options.Log, Registry: a.registry, Tracer: a.tracer,
		Runs: a.options.Runs, Deliveries: a.options.Deliveries, InFlight: a.options.InFlight, Posts: a.options.Posts, PollInterval: a.options.PollInterval,
		Grace: a.options.StopTimeout / 3, StopTimeout: a.options.StopTimeout,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	a.parts = append(a.parts, cleanup{"worker", func() { cancel(); running.Wait() }})
}

func (a *App) sender() *webhook.Sender {
	return webhook.NewSender(webhook.Options{
		Transport: a.guard.Transport(), UserAgent: "synchook/" + a.options.Version, Timeout: a.options.DeliveryTimeout,
	})
}

// ready says what is wrong with the process.
func (a *App) ready(ctx context.Context) []server.Problem {
	problems := a.watch.problems(ctx)
	if len(problems) > 0 && problems[0].Fatal {
		return problems
	}
	for _, w := range a.store.Durability(ctx).Warnings {
		problems = append(problems, server.Problem{Part: "durability", Message: w.Text, Help: "Change the Redis configuration, or accept the risk."})
	}
	return problems
}

func (a *App) fail(err error) {
	select {
	case a.failed <- err:
	default:
	}
}

func (a *App) cleanup(name string, do func()) {
	a.cleanups = append(a.cleanups, cleanup{name, do})
}

// Stop stops everything: the server and the worker side by side (no new work, what runs may finish, the
// rest goes back), then what they stand on. It may be called more than once.
func (a *App) Stop() {
	a.stopOnce.Do(func() {
		a.stopBy = time.Now().Add(a.options.StopTimeout)
		var stopping sync.WaitGroup
		for _, part := range a.parts {
			stopping.Go(func() { a.end(part) })
		}
		stopping.Wait()
		for _, c := range slices.Backward(a.cleanups) {
			a.end(c)
		}
	})
}

func (a *App) end(c cleanup) {
	began := time.Now()
	c.do()
	if took := time.Since(began); took > time.Second {
		a.options.Log.Info("stopped", "part", c.name, "duration", took)
	}
}
