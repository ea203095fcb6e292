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
	log     *slog.Logger
	// slots bounds how many scripts run at once: a slot is held until the script has really ended, also
	// when Asynq has given up on the task.
	slots chan struct{}
	// giveUp is closed when running scripts must end.
	giveUp <-chan struct{}
}

// job is a run with all that it needs.
type job struct {
	store.RunContext
	project synchook.ProjectID
	run     synchook.Run
	writer  store.Writer
	sealed  *store.Sealed
}

// do runs a run once and says what became of it.
func (r *runner) do(ctx context.Context, p synchook.ProjectID, run synchook.Run, fence int64) store.RunDone {
	began := time.Now()
	done, requests := r.attempt(ctx, p, run, fence)
	r.report(p, run, done, requests, time.Since(began))
	return done
}

func (r *runner) report(p synchook.ProjectID, run synchook.Run, done store.RunDone, requests int, took time.Duration) {
	state := string(done.Run.State)
	if done.Back {
		state = "interrupted"
	}
	r.metrics.runs.WithLabelValues(state, string(run.Trigger)).Inc()
	r.metrics.runTime.Observe(took.Seconds())
	level := slog.LevelInfo
	if done.Run.State == synchook.RunFailed || (done.Run.Error != "" && !done.Back) {
		level = slog.LevelWarn
	}
	r.log.Log(context.Background(), level, "run", "project", p, "run", run.ID, "sync", run.Sync, "connection", run.Connection,
		"trigger", run.Trigger, "event", run.Event, "state", state, "attempts", done.Run.Attempts, "interruptions", run.Interruptions,
		"duration", took, "requests", requests, "counts", done.Run.Counts, "deliveries", len(done.Deliveries), "error", done.Run.Error)
}

// attempt opens the run, runs its script unless that has ended already, and judges.
func (r *runner) attempt(ctx context.Context, p synchook.ProjectID, run synchook.Run, fence int64) (store.RunDone, int) {
	j := &job{project: p, run: run}
	failpoint.Hit("run.taken")
	if err := r.load(ctx, j, fence); err != nil {
		if synchook.IsKind(err, synchook.KindNotFound) {
			return r.giveUpOn(run, err), 0
		}
		return unsealed(ctx, j, err), 0
	}
	if j.sealed != nil {
		return handIn(j), 0
	}
	if run.CancelWanted {
		return r.end(ctx, j, synchook.RunCancelled, errCancelled.Error()), 0
	}
	if next := run.AfterInterruption(); next.State == synchook.RunFailed {
		return r.end(ctx, j, synchook.RunFailed, next.Reason), 0
	}
	requests, err := r.script(ctx, j)
	return r.judge(ctx, j, err), requests
}

// load reads all that the run needs and opens it.
func (r *runner) load(ctx context.Context, j *job, fence int64) (err error) {
	if j.RunContext, err = r.store.RunContext(ctx, j.project, j.run); err != nil {
		return err
	}
	full := j.run.Trigger.Lane() == synchook.LaneFull
	j.writer = store.Writer{
		Project: j.project, Connection: j.run.Connection, Run: j.run.ID, Lane: j.run.Trigger.Lane(), Fence: fence,
		Track: full && j.Sync.TrackDeletes,
	}
	j.run.Initial = full && j.Status.LastSync.IsZero()
	opened, err := r.store.OpenRun(ctx, j.writer)
	j.run.Started, j.sealed = opened.Started, opened.Sealed
	return err
}

// script runs the run's script.
func (r *runner) script(ctx context.Context, j *job) (requests int, err error) {
	input, err := r.input(ctx, j)
	if err != nil {
		return 0, err
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-r.giveUp:
		return 0, errStopping
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	ctx, stop := r.watch(ctx, j)
	defer stop()
	h := &host{
		store: r.store, proxy: r.proxy, writer: j.writer, sync: j.Sync, integration: j.Integration, baseURL: baseURL(j.Integration),
		keep: j.Settings.Keep(), connection: j.Connection, flushed: time.Now(),
	}
	err = r.engine.Run(ctx, input, h)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	if err != nil && !infrastructure(err) {
		h.Log(context.WithoutCancel(ctx), "error", describe(err))
	}
	if flushErr := h.flush(context.WithoutCancel(ctx)); err == nil && flushErr != nil {
		r.log.Warn("the end of a run's log could not be stored", "project", j.project, "run", j.run.ID, "error", flushErr)
	}
	return h.requests, err
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
		return again(j.run, err)
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
		return again(j.run, err)
	}
	return afterFailure(j, err)
}

// afterFailure counts an attempt of a run that failed, and says whether there is another one.
func afterFailure(j *job, err error) store.RunDone {
	run := j.run
	run.Attempts++
	next := run.AfterScriptError(j.Settings.RunRetries(), describe(err))
	run.State, run.Error = next.State, next.Reason
	return store.RunDone{Run: run, Wait: next.Wait}
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
	sealed, err := r.store.SealRun(ctx, j.writer, state, reason)
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
	j.run.State, j.run.Error = j.sealed.State, j.sealed.Error
	j.run.Attempts = max(j.run.Attempts, 1)
	j.run.Counts = map[string]synchook.Counts{}
	for _, m := range j.Sync.Models {
		j.run.Counts[m.Name] = j.sealed.Counts[m.ID]
	}
	return store.RunDone{Run: j.run, Deliveries: owed(j)}
}

// owed returns the deliveries that a sealed run owes: one for each changed model.
func owed(j *job) []synchook.Delivery {
	if j.Settings.WebhookURL == "" {
		return nil
	}
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
		}
		deliveries = append(deliveries, synchook.Delivery{
			ID: synchook.SyncDeliveryID(j.run.ID, m.Name, j.Project.Endpoint), Body: body.Bytes(),
			DeliveryFacts: synchook.DeliveryFacts{
				Endpoint: j.Project.Endpoint, Run: j.run.ID, Integration: j.run.Integration, Connection: j.run.Connection,
				Sync: j.run.Sync, Model: m.Name,
			},
		})
	}
	return deliveries
}

// giveUpOn ends a run whose sync, integration or connection is gone: there is nobody to tell.
func (r *runner) giveUpOn(run synchook.Run, err error) store.RunDone {
	run.State, run.Error = synchook.RunFailed, err.Error()+": it was removed while the run waited"
	return store.RunDone{Run: run}
}

// again puts a run back that our own fault stopped. It costs none of the run's attempts.
func again(run synchook.Run, err error) store.RunDone {
	run.State, run.Error = synchook.RunQueued, "waiting, because of a fault that is not the script's: "+describe(err)
	return store.RunDone{Run: run, Wait: trouble}
}

// back puts a run back as it was.
func back(run synchook.Run) store.RunDone {
	run.State = synchook.RunQueued
	return store.RunDone{Run: run, Back: true}
}

// describe writes an error for the person who looks at the run, with the script's stack if it has one.
func describe(err error) string {
	text := err.Error()
	var scriptErr *script.ScriptError
	if errors.As(err, &scriptErr) && scriptErr.Stack != "" {
		text += "\n" + scriptErr.Stack
	}
	if len(text) > maxRunError {
		text = text[:maxRunError] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
