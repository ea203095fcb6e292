package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
	"github.com/synchook/synchook/internal/webhook"
)

const (
	cancelPoll  = 2 * time.Second // how soon a running script hears that somebody cancelled it
	trouble     = 5 * time.Second // before a run is tried again that our own fault stopped
	maxRunError = 8 << 10         // bytes of an error that are kept with its run
)

var (
	errCancelled = errors.New("cancelled by a person")
	errStopping  = errors.New("the worker is stopping")
)

// runner runs runs.
type runner struct {
	store   Store
	engine  Engine
	proxy   *proxy.Client
	scripts *scripts
	metrics *metrics
	tracer  *tracing.Tracer
	log     *slog.Logger
	// slots bounds how many scripts run at once: a slot is held until the script has really ended, also
	// when Asynq has given up on the task.
	slots chan struct{}
	// giveUp is closed when running scripts must end.
	giveUp <-chan struct{}
}

// do runs a run once and says what became of it.
func (r *runner) do(ctx context.Context, p synchook.ProjectID, run synchook.Run, fence int64) finished[store.RunDone] {
	began := time.Now()
	ctx, span := r.tracer.Continue(ctx, "run", run.Trace)
	j := &job{project: p, run: run, trace: tracing.Parent(ctx)}
	j.phases.queued = queuedFor(run, began)
	done := j.tell(r.attempt(ctx, j, fence), time.Now())
	return r.finish(j, done, span, time.Since(began))
}

// finish counts an attempt, ends its span, and prepares its line.
func (r *runner) finish(j *job, done store.RunDone, span tracing.Span, took time.Duration) finished[store.RunDone] {
	state, level, failure := string(done.Run.State), slog.LevelInfo, ""
	switch {
	case done.Back:
		state = "interrupted"
	case done.Run.State == synchook.RunFailed || done.Run.Error != "":
		level, failure = slog.LevelWarn, done.Run.Error
	}
	r.metrics.runs.WithLabelValues(state, string(j.run.Trigger)).Inc()
	r.metrics.runTime.Observe(took.Seconds())
	if j.phases.queued > 0 {
		r.metrics.runQueued.Observe(j.phases.queued.Seconds())
	}
	line := j.line(done, state, took)
	span.Note(line...)
	span.End(failure)
	return finished[store.RunDone]{done: done, level: level, word: "run", trace: span.ID(), line: line}
}

// attempt opens the run, runs its script unless that has ended already, and judges.
func (r *runner) attempt(ctx context.Context, j *job, fence int64) store.RunDone {
	failpoint.Hit("run.taken")
	if err := r.load(ctx, j, fence); err != nil {
		if synchook.IsKind(err, synchook.KindNotFound) {
			return r.giveUpOn(ctx, j, fence, err)
		}
		return unsealed(ctx, j, err)
	}
	if j.sealed != nil {
		return handIn(j)
	}
	if j.run.CancelWanted {
		return r.end(ctx, j, synchook.RunCancelled, errCancelled.Error())
	}
	if next := j.run.AfterInterruption(); next.State == synchook.RunFailed {
		return r.end(ctx, j, synchook.RunFailed, next.Reason)
	}
	return r.judge(ctx, j, r.script(ctx, j))
}

// load reads all that the run needs and opens it.
func (r *runner) load(ctx context.Context, j *job, fence int64) (err error) {
	defer since(&j.phases.load, time.Now())
	if j.RunContext, err = r.store.RunContext(ctx, j.project, j.run); err != nil {
		return err
	}
	j.known = true
	j.hide = synchook.NewRedactor(credentialSecrets(j.Connection.Credentials)...)
	full := j.run.Trigger.Lane() == synchook.LaneFull
	j.writer = store.Writer{
		Project: j.project, Connection: j.run.Connection, Run: j.run.ID, Lane: j.run.Trigger.Lane(), Fence: fence,
		Track: full && j.Sync.TrackDeletes, Writes: &store.Writes{},
	}
	j.run.Initial = full && j.Status.LastSync.IsZero()
	opened, err := r.store.OpenRun(ctx, j.writer)
	j.run.Started, j.sealed = opened.Started, opened.Sealed
	return err
}

// script runs the run's script.
func (r *runner) script(ctx context.Context, j *job) error {
	input, err := r.input(ctx, j)
	if err != nil {
		return err
	}
	leave, err := r.enter(ctx, j)
	if err != nil {
		return err
	}
	defer leave()
	defer since(&j.phases.script, time.Now())
	ctx, stop := r.watch(ctx, j)
	defer stop()
	h := newHost(r, j)
	err = r.engine.Run(ctx, input, h)
	j.requests, j.access = h.requests, h.access
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	if err != nil && !infrastructure(err) {
		h.addLine(context.WithoutCancel(ctx), store.LogLine{Level: "error", Message: j.describe(err), Source: j.excerpt(err)})
	}
	if flushErr := h.flush(context.WithoutCancel(ctx)); err == nil && flushErr != nil {
		r.log.Warn("the end of a run's log could not be stored", "project", j.project, "run", j.run.ID, "error", flushErr)
	}
	return err
}

// enter waits until fewer scripts run than may.
func (r *runner) enter(ctx context.Context, j *job) (leave func(), err error) {
	defer since(&j.phases.slot, time.Now())
	select {
	case r.slots <- struct{}{}:
		return func() { <-r.slots }, nil
	case <-r.giveUp:
		return nil, errStopping
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// watch returns a context that ends with a cause when somebody cancels the run or the worker stops.
func (r *runner) watch(ctx context.Context, j *job) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(cancelPoll)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-r.giveUp:
				cancel(errStopping)
				return
			case <-tick.C:
				if wanted, err := r.store.CancelWanted(ctx, j.project, j.run.ID); err == nil && wanted {
					cancel(errCancelled)
					return
				}
			}
		}
	}()
	return ctx, func() { cancel(nil); <-stopped }
}

func (r *runner) input(ctx context.Context, j *job) (script.Input, error) {
	code, err := r.scripts.get(ctx, j.project, j.Sync.Script)
	if err != nil {
		return script.Input{}, err
	}
	in := script.Input{Code: code.Code, SourceMap: code.SourceMap, Hash: string(code.ID), Run: script.Facts{
		ConnectionID: j.Connection.Name, ProviderConfigKey: j.Integration.Key, Provider: j.Integration.Provider,
		SyncID: string(j.Sync.ID), SyncName: j.Sync.Name, RunID: string(j.run.ID), EnvironmentName: "prod",
		TrackDeletes: j.Sync.TrackDeletes, Models: j.Sync.ModelNames(),
	}}
	if !j.Status.LastSync.IsZero() {
		in.Run.LastSyncDate = &j.Status.LastSync
	}
	if j.run.Event == "" {
		return in, nil
	}
	in.Webhook, err = r.payload(ctx, j)
	return in, err
}

// payload returns the item of the event that triggered the run.
func (r *runner) payload(ctx context.Context, j *job) (*script.Webhook, error) {
	content, err := r.store.EventContent(ctx, j.project, j.run.Event)
	if err != nil {
		return nil, err
	}
	p, ok := provider.Lookup(j.Integration.Provider)
	if !ok {
		return nil, fmt.Errorf("this synchook does not know the provider %q", j.Integration.Provider)
	}
	event, err := p.Parse(provider.Stored(content.Header, content.Body))
	if err != nil {
		return nil, err
	}
	if j.run.Item >= len(event.Items) {
		return nil, fmt.Errorf("the event has %d items and the run is for item %d", len(event.Items), j.run.Item)
	}
	item := event.Items[j.run.Item]
	headers := make(map[string]string, len(content.Header))
	for name, value := range content.Header {
		headers[strings.ToLower(name)] = value
	}
	return &script.Webhook{Payload: item.Payload, Headers: headers, EventType: item.Type}, nil
}

func baseURL(in synchook.Integration) string {
	if in.BaseURL != "" {
		return in.BaseURL
	}
	if p, ok := provider.Lookup(in.Provider); ok {
		return p.BaseURL()
	}
	return ""
}

// judge says what becomes of a run that has ended with that error.
func (r *runner) judge(ctx context.Context, j *job, err error) store.RunDone {
	switch {
	case err == nil:
		return r.succeed(ctx, j)
	case errors.Is(err, errCancelled):
		return r.end(ctx, j, synchook.RunCancelled, errCancelled.Error())
	case interrupted(ctx, err):
		return back(j.run)
	case infrastructure(err):
		return again(j, err)
	}
	done := afterFailure(j, err)
	if done.Run.State == synchook.RunFailed {
		return r.end(ctx, j, synchook.RunFailed, done.Run.Error)
	}
	return done
}

// unsealed says what becomes of a run that could not be opened or sealed. When it is given up, nobody is
// told what it changed: that is what could not be read.
func unsealed(ctx context.Context, j *job, err error) store.RunDone {
	switch {
	case interrupted(ctx, err):
		return back(j.run)
	case infrastructure(err):
		return again(j, err)
	}
	return afterFailure(j, err)
}

// afterFailure counts an attempt of a run that failed, and says whether there is another one.
func afterFailure(j *job, err error) store.RunDone {
	run := j.run
	run.Attempts++
	next := run.AfterScriptError(j.Settings.RunRetries(), j.describe(err))
	run.State, run.Error = next.State, next.Reason
	return store.RunDone{Run: run, Wait: next.Wait}
}

// brokenRun counts an attempt of a run that panicked: that is a fault of ours.
func brokenRun(run synchook.Run, err error) finished[store.RunDone] {
	return finished[store.RunDone]{done: afterFailure(&job{run: run}, err)}
}

// interrupted reports whether a run stopped because its worker stops or has lost it.
func interrupted(ctx context.Context, err error) bool {
	return errors.Is(err, errStopping) || errors.Is(err, store.ErrFenced) || ctx.Err() != nil
}

// succeed ends a run whose script ended well: a full run that tracks deletes first deletes what it did
// not see.
func (r *runner) succeed(ctx context.Context, j *job) store.RunDone {
	if j.writer.Track {
		for _, m := range j.Sync.Models {
			if err := r.store.DeleteUnseen(ctx, j.writer, m.ID); err != nil {
				return r.judge(ctx, j, err)
			}
		}
	}
	return r.end(ctx, j, synchook.RunSucceeded, "")
}

// end seals a run, which fixes how it ended and what it changed, and hands it in.
func (r *runner) end(ctx context.Context, j *job, state synchook.RunState, reason string) store.RunDone {
	failpoint.Hit("run.saved")
	sealed, err := r.store.SealRun(ctx, j.writer, store.Ending{State: state, Error: reason, Access: j.access})
	if err != nil {
		return unsealed(ctx, j, err)
	}
	if state != synchook.RunCancelled {
		j.run.Attempts++
	}
	failpoint.Hit("run.sealed")
	j.sealed = &sealed
	return handIn(j)
}

// handIn says what a sealed run changed and which deliveries it owes.
func handIn(j *job) store.RunDone {
	j.run.State, j.run.Error, j.access = j.sealed.State, j.sealed.Error, j.sealed.Access
	j.run.Attempts = max(j.run.Attempts, 1)
	j.run.Counts = map[string]synchook.Counts{}
	for _, m := range j.Sync.Models {
		j.run.Counts[m.Name] = j.sealed.Counts[m.ID]
	}
	return store.RunDone{Run: j.run, Deliveries: owed(j), Buried: j.sealed.Buried}
}

// owed returns the deliveries that a sealed run owes: one for each changed model and each endpoint that wants
// it.
func owed(j *job) []synchook.Delivery {
	var deliveries []synchook.Delivery
	for _, m := range j.Sync.Models {
		counts := j.run.Counts[m.Name]
		always := j.Settings.AlwaysSend && j.run.State == synchook.RunSucceeded
		if counts.IsZero() && !always {
			continue
		}
		body := webhook.SyncBody{
			ConnectionID: j.Connection.Name, ProviderConfigKey: j.Integration.Key, SyncName: j.Sync.Name, Model: m.Name,
			Counts: webhook.Counts(counts), Initial: j.run.Initial, QueryTimeStamp: j.run.Started,
		}.Bytes()
		for _, e := range j.Endpoints {
			if e.URL != "" && e.Filter.Wants(j.Integration.Key, j.Sync.Name, m.Name) {
				deliveries = append(deliveries, j.delivery(e, m.Name, body))
			}
		}
	}
	return deliveries
}

// delivery is what the run owes an endpoint for a model.
func (j *job) delivery(e synchook.Endpoint, model string, body []byte) synchook.Delivery {
	return synchook.Delivery{
		ID: synchook.SyncDeliveryID(j.run.ID, model, e.ID), Body: body, Coalesces: e.Coalesce || e.MinInterval > 0, Interval: e.MinInterval,
		DeliveryFacts: synchook.DeliveryFacts{
			Endpoint: e.ID, Run: j.run.ID, Integration: j.run.Integration, Connection: j.run.Connection,
			Sync: j.run.Sync, Model: model, Trace: j.trace,
		},
	}
}

// giveUpOn ends a run whose sync, integration or connection is gone: there is nobody to tell. What an
// earlier attempt of it deleted is known from its seal.
func (r *runner) giveUpOn(ctx context.Context, j *job, fence int64, err error) store.RunDone {
	run := j.run
	run.State, run.Error = synchook.RunFailed, err.Error()+": it was removed while the run waited"
	sealed, sealErr := r.store.SealRun(ctx, store.Writer{
		Project: j.project, Connection: run.Connection, Run: run.ID, Fence: fence,
	}, store.Ending{State: run.State, Error: run.Error})
	if sealErr != nil && !errors.Is(sealErr, store.ErrFenced) { // it was never opened
		return unsealed(ctx, j, sealErr)
	}
	return store.RunDone{Run: run, Buried: sealed.Buried}
}

// again puts a run back that our own fault stopped. It costs none of the run's attempts.
func again(j *job, err error) store.RunDone {
	run := j.run
	run.State, run.Error = synchook.RunQueued, "waiting, because of a fault that is not the script's: "+j.describe(err)
	return store.RunDone{Run: run, Wait: trouble}
}

// back puts a run back as it was.
func back(run synchook.Run) store.RunDone {
	run.State = synchook.RunQueued
	return store.RunDone{Run: run, Back: true}
}
