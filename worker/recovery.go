package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	recoveriesAtOnce = 10                    // of a project
	recoveryPace     = 50 * time.Millisecond // between steps of a recovery that has a rate, at least
)

// recoverer works the recoveries of one project.
type recoverer struct {
	project  synchook.ProjectID
	store    recoveryStore
	metrics  *metrics
	log      *slog.Logger
	send     func(context.Context, ...synchook.Hint)
	stopping <-chan struct{}
}

// recoveries works a project's lane of recoveries.
func (w *Worker) recoveries(ctx context.Context, p queue.Payload) error {
	r := &recoverer{project: p.Project, store: w.options.Store, metrics: w.metrics, log: w.options.Log, send: w.send, stopping: w.stopping}
	l := &lane[synchook.RecoveryID, store.RecoveryDone]{
		project: p.Project, id: p.Lane, most: recoveriesAtOnce, send: w.send, log: w.options.Log, stopping: w.stopping,
		take: func(ctx context.Context, t store.Turn, done []store.RecoveryDone) (store.Taken[synchook.RecoveryID], error) {
			return w.options.Store.TurnRecoveries(ctx, p.Project, t, done)
		},
		do: r.do, broken: func(id synchook.RecoveryID, _ error) store.RecoveryDone { return later(id, trouble) },
	}
	return l.work(ctx, p.Generation)
}

// later has a recovery go on after a wait.
func later(id synchook.RecoveryID, wait time.Duration) store.RecoveryDone {
	return store.RecoveryDone{Recovery: id, Wait: wait}
}

// do takes steps of a recovery until its slice of time is over, or there is nothing to do for as long. It leaves the
// store to others for as long as each step took.
func (r *recoverer) do(ctx context.Context, id synchook.RecoveryID, _ int64) store.RecoveryDone {
	for until := time.Now().Add(sliceTime); ; {
		began := time.Now()
		step, err := r.step(ctx, id)
		now := time.Now()
		switch {
		case err != nil:
			return later(id, trouble)
		case step.State != synchook.RecoveryRunning || closed(r.stopping):
			return later(id, 0)
		case step.Wait >= sliceTime:
			return later(id, step.Wait)
		case now.After(until): // the rest of the wait is the next one's: hints come at whole seconds
			return later(id, 0)
		}
		r.rest(ctx, stepPause(step.Wait, now.Sub(began)))
	}
}

// stepPause says how long to wait before the next step, if it is due after a wait and the last one took so long.
func stepPause(wait, took time.Duration) time.Duration {
	if wait > 0 {
		return max(wait, recoveryPace)
	}
	return took
}

func (r *recoverer) step(ctx context.Context, id synchook.RecoveryID) (store.RecoveryStep, error) {
	step, err := r.store.Recover(ctx, r.project, id)
	if err != nil {
		r.log.Warn("a step of a recovery failed; it is tried again", "project", r.project, "recovery", id, "wait", trouble, "error", err)
		return step, err
	}
	failpoint.Hit("recovery.step")
	r.metrics.recovered.Add(float64(step.Retried))
	r.send(ctx, step.Hints...)
	if step.State == synchook.RecoverySucceeded {
		r.tell(ctx, id)
	}
	return step, nil
}

// tell logs how a recovery ended.
func (r *recoverer) tell(ctx context.Context, id synchook.RecoveryID) {
	ended, err := r.store.Recovery(ctx, r.project, id)
	if err != nil {
		return // it is there for whoever looks
	}
	r.log.Info("recovery", "project", r.project, "recovery", id, "found", ended.Found, "retried", ended.Retried, "skipped", ended.Skipped,
		"duration", ended.Ended.Sub(ended.Created), "reason", ended.Reason())
}

// rest waits, unless the worker stops.
func (r *recoverer) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.stopping:
	case <-timer.C:
	}
}
