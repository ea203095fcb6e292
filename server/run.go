package server

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
)

// runStore keeps runs.
type runStore interface {
	Run(ctx context.Context, p synchook.ProjectID, id synchook.RunID) (synchook.Run, error)
	Runs(ctx context.Context, p synchook.ProjectID, q store.RunQuery, page store.Page) ([]synchook.Run, string, error)
	AddRuns(ctx context.Context, p synchook.ProjectID, runs []synchook.Run) ([]synchook.Hint, error)
	CancelRun(ctx context.Context, p synchook.ProjectID, id synchook.RunID) ([]synchook.Hint, error)
	Log(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, run synchook.RunID) ([]store.LogLine, error)
}

// runService serves synchook.v1.RunService.
type runService struct {
	store interface {
		runStore
		lookupStore
		nameStore
	}
	queue hintSender
	now   func() time.Time
}

// ListRuns implements the service.
func (s *runService) ListRuns(ctx context.Context, r *v1.ListRunsRequest) (*v1.ListRunsResponse, error) {
	p := projectOf(ctx)
	at, err := placeOf(ctx, s.store, p, r)
	if err != nil {
		return nil, err
	}
	page, next, err := s.store.Runs(ctx, p, store.RunQuery{
		State: runStateWords().word(r.GetState()), Integration: at.integration, Connection: at.connection, Sync: at.sync,
		Event: synchook.EventID(r.GetEventId()),
	}, pageOf(r))
	if err != nil {
		return nil, err
	}
	names := newNames(s.store, p)
	runs, err := tryAll(page, func(run synchook.Run) (*v1.Run, error) { return fromRun(ctx, run, names) })
	return &v1.ListRunsResponse{Runs: runs, NextPageToken: next}, err
}

// GetRun implements the service.
func (s *runService) GetRun(ctx context.Context, r *v1.GetRunRequest) (*v1.GetRunResponse, error) {
	run, err := s.store.Run(ctx, projectOf(ctx), synchook.RunID(r.GetId()))
	if err != nil {
		return nil, err
	}
	log, err := s.store.Log(ctx, projectOf(ctx), run.Connection, run.ID)
	if err != nil {
		return nil, err
	}
	shown, err := s.show(ctx, run)
	return &v1.GetRunResponse{Run: shown, Log: convertAll(log, fromLogLine)}, err
}

// CancelRun implements the service.
func (s *runService) CancelRun(ctx context.Context, r *v1.CancelRunRequest) (*v1.Run, error) {
	id := synchook.RunID(r.GetId())
	hints, err := s.store.CancelRun(ctx, projectOf(ctx), id)
	if err != nil {
		return nil, err
	}
	s.queue.send(ctx, hints)
	run, err := s.store.Run(ctx, projectOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return s.show(ctx, run)
}

// RetryRun implements the service.
func (s *runService) RetryRun(ctx context.Context, r *v1.RetryRunRequest) (*v1.Run, error) {
	p := projectOf(ctx)
	old, err := s.store.Run(ctx, p, synchook.RunID(r.GetId()))
	if err != nil {
		return nil, err
	}
	if !old.State.Ended() {
		return nil, &synchook.Fault{
			Kind: synchook.KindState, Reason: "run_has_not_ended", Subject: string(old.ID),
			Message: "the run is " + string(old.State), Help: "Wait until it has ended, or cancel it first.",
		}
	}
	if err := s.stillThere(ctx, old); err != nil {
		return nil, err
	}
	again := synchook.Run{
		ID:          synchook.RunID(synchook.NewID(synchook.RunPrefix, s.now())),
		Integration: old.Integration, Connection: old.Connection, Sync: old.Sync,
		Trigger: old.Trigger, Event: old.Event, Item: old.Item, Trace: tracing.Parent(ctx),
	}
	hints, err := s.store.AddRuns(ctx, p, []synchook.Run{again})
	if err != nil {
		return nil, err
	}
	s.queue.send(ctx, hints)
	if again, err = s.store.Run(ctx, p, again.ID); err != nil {
		return nil, err
	}
	return s.show(ctx, again)
}

// stillThere returns an error when what a run needs has been deleted.
func (s *runService) stillThere(ctx context.Context, run synchook.Run) error {
	if _, err := s.store.Connection(ctx, projectOf(ctx), run.Connection); err != nil {
		return err
	}
	_, err := s.store.Sync(ctx, projectOf(ctx), run.Integration, run.Sync)
	return err
}

func (s *runService) show(ctx context.Context, run synchook.Run) (*v1.Run, error) {
	return fromRun(ctx, run, newNames(s.store, projectOf(ctx)))
}

func fromRun(ctx context.Context, run synchook.Run, n *names) (*v1.Run, error) {
	key, connection, sync, err := n.of(ctx, run.Integration, run.Connection, run.Sync)
	if err != nil {
		return nil, err
	}
	shown := &v1.Run{
		Id: string(run.ID), ProviderConfigKey: key, ConnectionId: connection, SyncName: sync,
		Trigger: triggerWords().enum(run.Trigger), State: runStateWords().enum(run.State), EventId: string(run.Event),
		Attempts: int32(run.Attempts), Interruptions: int32(run.Interruptions), Error: run.Error, Counts: fromCounts(run.Counts),
		CreateTime: timestamp(run.Created), StartTime: timestamp(run.Started), EndTime: timestamp(run.Ended),
		NextAttemptTime: timestamp(run.NotBefore), DeliveryIds: texts(run.Deliveries), SyncType: "INCREMENTAL",
	}
	if run.Initial {
		shown.SyncType = "INITIAL"
	}
	return shown, nil
}

func fromCounts(counts map[string]synchook.Counts) map[string]*v1.Counts {
	out := make(map[string]*v1.Counts, len(counts))
	for model, c := range counts {
		out[model] = &v1.Counts{Added: c.Added, Updated: c.Updated, Deleted: c.Deleted}
	}
	return out
}

func fromLogLine(l store.LogLine) *v1.LogLine {
	line := &v1.LogLine{Time: timestamp(l.Time), Level: l.Level, Message: l.Message}
	if r := l.Request; r != nil {
		line.Request = &v1.LoggedRequest{
			Method: r.Method, Url: r.URL, StartTime: timestamp(r.Began), Duration: durationpb.New(r.Took),
			Status: int32(r.Status), Attempts: int32(r.Attempts), ResponseSize: int64(r.Size), Error: r.Error,
		}
	}
	if e := l.Source; e != nil {
		line.Source = &v1.SourceExcerpt{File: e.File, Line: int32(e.Line), FirstLine: int32(e.First), Lines: e.Lines}
	}
	return line
}
