package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
)

// Options say how a worker works. Store, Queue, Redis, Engine, Proxy, Sender, Planner, Log and Registry are
// required.
type Options struct {
	Store    Store
	Queue    Queue
	Redis    redis.UniversalClient // for Asynq's servers
	Engine   Engine
	Proxy    *proxy.Client
	Sender   Sender
	Planner  Planner
	Log      *slog.Logger
	Registry prometheus.Registerer
	Tracer   *tracing.Tracer // nil: no traces

	Runs         int           // scripts at once; 0: 10
	Deliveries   int           // endpoints worked at once; 0: 100
	InFlight     int           // requests in flight to one endpoint; 0: 64
	Posts        int           // requests in flight to all of them; 0: 1,000
	PollInterval time.Duration // how often Asynq looks for tasks when idle; 0: 10 ms
	Grace        time.Duration // how long running scripts may go on when the worker stops; 0: 10 s
	StopTimeout  time.Duration // after which a stop is over whatever still runs; 0: 30 s
}

func (o Options) withDefaults() Options {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	setTime := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&o.Runs, 10)
	set(&o.Deliveries, 100)
	set(&o.InFlight, 64)
	set(&o.Posts, 1000)
	setTime(&o.PollInterval, 10*time.Millisecond)
	setTime(&o.Grace, 10*time.Second)
	setTime(&o.StopTimeout, 30*time.Second)
	return o
}

// Worker works lanes. Make it with New.
type Worker struct {
	options  Options
	metrics  *metrics
	census   *census
	runner   *runner
	shifts   *shifts
	posts    *posts
	stopping chan struct{} // no new work
	giveUp   chan struct{} // running scripts must end
}

// New returns a worker.
func New(o Options) *Worker {
	o = o.withDefaults()
	w := &Worker{options: o, metrics: newMetrics(o.Registry), stopping: make(chan struct{}), giveUp: make(chan struct{})}
	w.shifts, w.posts = newShifts(w.metrics.handedOver, o.Log), newPosts(o.Posts)
	w.runner = &runner{
		store: o.Store, engine: o.Engine, proxy: o.Proxy, scripts: &scripts{store: o.Store}, metrics: w.metrics, tracer: o.Tracer, log: o.Log,
		slots: make(chan struct{}, o.Runs), giveUp: w.giveUp,
	}
	w.census = &census{store: o.Store, queue: o.Queue, now: time.Now}
	o.Registry.MustRegister(w.census, slotsInUse(w.runner.slots), slotsAtMost(w.runner.slots))
	o.Registry.MustRegister(w.posts.collectors()...)
	return w
}

// handlers is the one table of task kinds.
func (w *Worker) handlers() *asynq.ServeMux {
	mux := asynq.NewServeMux()
	mux.HandleFunc(queue.TaskRuns, w.handle(w.runs))
	mux.HandleFunc(queue.TaskLane, w.handle(w.deliveries))
	mux.HandleFunc(queue.TaskAttempt, w.handle(w.deliveries))
	mux.HandleFunc(queue.TaskFanout, w.handle(w.fanout))
	mux.HandleFunc(queue.TaskRecovery, w.handle(w.recoveries))
	return mux
}

// Run works until the context ends, then stops: no new work, what runs may finish for a while, the
// rest goes back. It waits for Redis however long it is gone.
func (w *Worker) Run(ctx context.Context) {
	servers := []*asynq.Server{
		w.server(queue.Control, 4, 10*w.options.PollInterval),
		w.server(queue.Runs, w.options.Runs, w.options.PollInterval),
		w.server(queue.Deliveries, w.options.Deliveries, w.options.PollInterval),
	}
	mux := w.handlers()
	started := 0
	for ; started < len(servers); started++ {
		if err := w.start(ctx, servers[started], mux); err != nil {
			break
		}
	}
	var sweeping sync.WaitGroup
	sweep := &sweeper{store: w.options.Store, queue: w.options.Queue, metrics: w.metrics, census: w.census, log: w.options.Log, who: rand.Text(), now: time.Now}
	sweeping.Go(func() { sweep.run(ctx) })
	<-ctx.Done()
	w.stop(servers[:started])
	sweeping.Wait()
}

// start starts a server, which fails while Redis is down.
func (w *Worker) start(ctx context.Context, s *asynq.Server, mux *asynq.ServeMux) error {
	for {
		err := s.Start(mux)
		if err == nil {
			return nil
		}
		w.options.Log.Warn("Asynq cannot start; trying again", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// stop ends all work. Requests in flight are waited for until there is just time to hand in that they had no
// answer: an endpoint whose request is cut off may get the webhook twice.
func (w *Worker) stop(servers []*asynq.Server) {
	close(w.stopping)
	grace := time.AfterFunc(w.options.Grace, func() { close(w.giveUp) })
	defer grace.Stop()
	posts := time.AfterFunc(w.options.StopTimeout*9/10, func() { close(w.shifts.giveUp) })
	defer posts.Stop()
	end := time.AfterFunc(w.options.StopTimeout, w.shifts.end)
	defer end.Stop()
	var wait sync.WaitGroup
	for _, s := range servers {
		wait.Go(s.Shutdown)
	}
	wait.Wait()
	w.shifts.wait()
}

func (w *Worker) server(name string, concurrency int, poll time.Duration) *asynq.Server {
	return asynq.NewServerFromRedisClient(w.options.Redis, asynq.Config{
		Queues:                   map[string]int{name: 1},
		Concurrency:              concurrency,
		TaskCheckInterval:        poll,
		DelayedTaskCheckInterval: 500 * time.Millisecond,
		ShutdownTimeout:          w.options.StopTimeout,
		RetryDelayFunc:           retryDelay,
		IsFailure:                func(error) bool { return false },
		Logger:                   asynqLog{w.options.Log},
		LogLevel:                 asynq.WarnLevel,
	})
}

// retryDelay is the wait before a hint comes again that met a fault.
func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, asynq.ErrLeaseExpired) {
		return 0
	}
	return time.Duration(math.Min(float64(n+1), 10)) * time.Second
}

func (w *Worker) handle(work func(context.Context, queue.Payload) error) func(context.Context, *asynq.Task) error {
	return func(ctx context.Context, task *asynq.Task) error {
		p, err := queue.Read(task)
		if err != nil {
			w.options.Log.Error("a task cannot be read and is dropped", "error", err)
			return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
		}
		if err = work(ctx, p); err != nil && ctx.Err() == nil {
			tell(ctx, w.options.Log, p.Project, p.Lane, err)
		}
		return err
	}
}

func (w *Worker) runs(ctx context.Context, p queue.Payload) error {
	l := &lane[synchook.Run, finished[store.RunDone]]{
		project: p.Project, id: p.Lane, most: 1, send: w.send, log: w.options.Log, stopping: w.stopping,
		take: func(ctx context.Context, t store.Turn, done []finished[store.RunDone]) (store.Taken[synchook.Run], error) {
			return w.options.Store.TurnRuns(ctx, p.Project, t, outcomes(done))
		},
		do: func(ctx context.Context, run synchook.Run, fence int64) finished[store.RunDone] {
			return w.runner.do(ctx, p.Project, run, fence)
		},
		broken: brokenRun, told: teller[store.RunDone](w.options.Log),
	}
	return l.work(ctx, p.Generation)
}

func (w *Worker) deliveries(ctx context.Context, p queue.Payload) error {
	d := &deliverer{
		project: p.Project, id: p.Lane.Endpoint(), most: w.options.InFlight, store: w.options.Store, queue: w.options.Queue,
		sender: w.options.Sender, metrics: w.metrics, tracer: w.options.Tracer, log: w.options.Log,
	}
	if _, _, err := d.current(ctx); synchook.IsKind(err, synchook.KindUnavailable) {
		return err // without its rules nothing may be sent to the endpoint
	}
	l := &lane[synchook.Delivery, finished[store.DeliveryDone]]{
		project: p.Project, id: p.Lane, most: w.options.InFlight, allow: d.course.allow, send: w.send, log: w.options.Log, stopping: w.stopping,
		take: d.take, do: d.do, broken: d.broken, after: d.after, shifts: w.shifts, posts: w.posts, told: teller[store.DeliveryDone](w.options.Log),
	}
	return l.work(ctx, p.Generation)
}

func (w *Worker) fanout(ctx context.Context, p queue.Payload) error {
	l := &lane[synchook.EventID, store.FanoutDone]{
		project: p.Project, id: p.Lane, most: 1, send: w.send, log: w.options.Log, stopping: w.stopping,
		take: func(ctx context.Context, t store.Turn, done []store.FanoutDone) (store.Taken[synchook.EventID], error) {
			return w.options.Store.TurnFanout(ctx, p.Project, t, done)
		},
		do: func(ctx context.Context, event synchook.EventID, _ int64) store.FanoutDone {
			return w.fanOut(ctx, p.Project, event)
		},
		broken: func(event synchook.EventID, _ error) store.FanoutDone {
			return store.FanoutDone{Event: event, Again: true, Wait: trouble}
		},
	}
	return l.work(ctx, p.Generation)
}

// fanOut queues all runs of an event. A fault that passes is tried again; an event whose integration or
// content is gone has nobody left to run for.
func (w *Worker) fanOut(ctx context.Context, p synchook.ProjectID, event synchook.EventID) store.FanoutDone {
	err := w.options.Planner.FanOut(ctx, p, event)
	switch {
	case err == nil:
		return store.FanoutDone{Event: event}
	case synchook.IsKind(err, synchook.KindNotFound):
		w.options.Log.Warn("the rest of an event's runs are not queued, because what they need was removed", "project", p, "event", event, "error", err)
		return store.FanoutDone{Event: event}
	}
	w.options.Log.Warn("queueing an event's runs failed; it is tried again", "project", p, "event", event, "wait", trouble, "error", err)
	return store.FanoutDone{Event: event, Again: true, Wait: trouble}
}

// send sends hints. One that cannot be sent is made up for by the sweep.
func (w *Worker) send(ctx context.Context, hints ...synchook.Hint) {
	if len(hints) == 0 {
		return
	}
	if err := w.options.Queue.Send(ctx, hints...); err != nil {
		w.options.Log.Warn("a hint could not be sent; the sweep makes up for it", "error", err)
	}
}

// asynqLog gives Asynq's own messages to our log.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) say(level slog.Level, args []any) {
	l.log.Log(context.Background(), level, "asynq", "message", fmt.Sprint(args...))
}

// Debug implements asynq.Logger.
func (l asynqLog) Debug(args ...any) { l.say(slog.LevelDebug, args) }

// Info implements asynq.Logger.
func (l asynqLog) Info(args ...any) { l.say(slog.LevelInfo, args) }

// Warn implements asynq.Logger.
func (l asynqLog) Warn(args ...any) { l.say(slog.LevelWarn, args) }

// Error implements asynq.Logger.
func (l asynqLog) Error(args ...any) { l.say(slog.LevelError, args) }

// Fatal implements asynq.Logger. It does not end the process: Start returns the error as well.
func (l asynqLog) Fatal(args ...any) { l.say(slog.LevelError, args) }
