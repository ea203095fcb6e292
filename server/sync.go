package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
)

// syncStore keeps syncs.
type syncStore interface {
	Syncs(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID) ([]synchook.Sync, error)
	Integrations(ctx context.Context, p synchook.ProjectID) ([]synchook.Integration, error)
	ConnectionIDs(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, after synchook.ConnectionID, n int) ([]synchook.ConnectionID, error)
	AddRuns(ctx context.Context, p synchook.ProjectID, runs []synchook.Run) ([]synchook.Hint, error)
}

// scheduleStore keeps how syncs stand on connections.
type scheduleStore interface {
	Status(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, syn synchook.SyncID) (synchook.SyncStatus, error)
	Schedule(ctx context.Context, p synchook.ProjectID, syn synchook.SyncID, cons []synchook.ConnectionID, at time.Time) error
	Hasten(ctx context.Context, p synchook.ProjectID, sy synchook.Sync, cons []synchook.ConnectionID) error
	Pause(ctx context.Context, p synchook.ProjectID, syn synchook.SyncID, cons []synchook.ConnectionID) error
	Start(ctx context.Context, p synchook.ProjectID, sy synchook.Sync, cons []synchook.ConnectionID, at time.Time) error
}

const (
	// maxTrigger is how many connections one request triggers at most.
	maxTrigger = 1000
	// connectionChunk is how many connections are worked on at a time.
	connectionChunk = 500
)

// syncService serves synchook.v1.SyncService.
type syncService struct {
	store interface {
		syncStore
		deployStore
		scheduleStore
		lookupStore
	}
	queue hintSender
	now   func() time.Time
}

// ListSyncs implements the service.
func (s *syncService) ListSyncs(ctx context.Context, r *v1.ListSyncsRequest) (*v1.ListSyncsResponse, error) {
	integrations, err := s.integrations(ctx, r.GetProviderConfigKey())
	if err != nil {
		return nil, err
	}
	res := new(v1.ListSyncsResponse)
	for _, in := range integrations {
		syncs, err := s.store.Syncs(ctx, projectOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		for _, sy := range syncs {
			res.Syncs = append(res.Syncs, fromSync(sy, in.Key))
		}
	}
	return res, nil
}

// integrations returns the one of that key, or all.
func (s *syncService) integrations(ctx context.Context, key string) ([]synchook.Integration, error) {
	if key == "" {
		return s.store.Integrations(ctx, projectOf(ctx))
	}
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), key)
	return []synchook.Integration{in}, err
}

// GetSync implements the service.
func (s *syncService) GetSync(ctx context.Context, r *v1.GetSyncRequest) (*v1.GetSyncResponse, error) {
	sy, err := s.find(ctx, r)
	if err != nil {
		return nil, err
	}
	res := &v1.GetSyncResponse{Sync: fromSync(sy, r.GetProviderConfigKey())}
	if r.GetConnectionId() == "" {
		return res, nil
	}
	con, err := s.store.ConnectionByName(ctx, projectOf(ctx), sy.Integration, r.GetConnectionId())
	if err != nil {
		return nil, err
	}
	status, err := s.store.Status(ctx, projectOf(ctx), con.ID, sy.ID)
	if err != nil {
		return nil, err
	}
	res.Status = &v1.SyncStatus{
		ConnectionId: con.Name, Paused: status.Paused, NextRunTime: timestamp(status.NextRun), LastSyncTime: timestamp(status.LastSync),
	}
	return res, nil
}

// TriggerSync implements the service.
func (s *syncService) TriggerSync(ctx context.Context, r *v1.TriggerSyncRequest) (*v1.TriggerSyncResponse, error) {
	sy, err := s.find(ctx, r)
	if err != nil {
		return nil, err
	}
	cons, err := s.triggered(ctx, sy, r.GetConnectionId())
	if err != nil {
		return nil, err
	}
	runs := convertAll(cons, func(con synchook.ConnectionID) synchook.Run {
		run := s.manualRun(sy, con, r.GetIdempotencyKey())
		run.Trace = tracing.Parent(ctx)
		return run
	})
	if len(runs) > 0 {
		hints, err := s.store.AddRuns(ctx, projectOf(ctx), runs)
		if err != nil {
			return nil, err
		}
		s.queue.send(ctx, hints)
	}
	return &v1.TriggerSyncResponse{RunIds: convertAll(runs, func(r synchook.Run) string { return string(r.ID) })}, nil
}

// triggered returns the connections that a request means.
func (s *syncService) triggered(ctx context.Context, sy synchook.Sync, name string) ([]synchook.ConnectionID, error) {
	if name != "" {
		con, err := s.store.ConnectionByName(ctx, projectOf(ctx), sy.Integration, name)
		return []synchook.ConnectionID{con.ID}, err
	}
	cons, err := s.store.ConnectionIDs(ctx, projectOf(ctx), sy.Integration, "", maxTrigger+1)
	if err == nil && len(cons) > maxTrigger {
		return nil, &synchook.Fault{
			Kind: synchook.KindState, Reason: "too_many_connections", Subject: sy.Name,
			Message: fmt.Sprintf("the integration has more than %d connections", maxTrigger),
			Help:    "Trigger the sync for one connection after the other, by connection_id.",
		}
	}
	return cons, err
}

// manualRun returns the run that a person wishes. With a key it is the same run each time, so its ID
// holds no time either.
func (s *syncService) manualRun(sy synchook.Sync, con synchook.ConnectionID, key string) synchook.Run {
	id := synchook.NewID(synchook.RunPrefix, s.now())
	if key != "" {
		id = synchook.DerivedID(synchook.RunPrefix, time.Time{}, "manual", key, string(con), string(sy.ID))
	}
	return synchook.Run{
		ID: synchook.RunID(id), Integration: sy.Integration, Connection: con, Sync: sy.ID, Trigger: synchook.TriggerManual,
	}
}

// PauseSync implements the service.
func (s *syncService) PauseSync(ctx context.Context, r *v1.PauseSyncRequest) (*v1.PauseSyncResponse, error) {
	sy, err := s.find(ctx, r)
	if err != nil {
		return nil, err
	}
	n, err := s.forEach(ctx, sy.Integration, r.GetConnectionId(), func(cons []synchook.ConnectionID) error {
		return s.store.Pause(ctx, projectOf(ctx), sy.ID, cons)
	})
	return &v1.PauseSyncResponse{Connections: n}, err
}

// StartSync implements the service.
func (s *syncService) StartSync(ctx context.Context, r *v1.StartSyncRequest) (*v1.StartSyncResponse, error) {
	sy, err := s.find(ctx, r)
	if err != nil {
		return nil, err
	}
	n, err := s.forEach(ctx, sy.Integration, r.GetConnectionId(), func(cons []synchook.ConnectionID) error {
		return s.store.Start(ctx, projectOf(ctx), sy, cons, s.now())
	})
	return &v1.StartSyncResponse{Connections: n}, err
}

// forEach does something for the connection of that name, or for all of an integration, in chunks. It
// returns for how many.
func (s *syncService) forEach(ctx context.Context, in synchook.IntegrationID, name string, do func([]synchook.ConnectionID) error) (int32, error) {
	if name != "" {
		con, err := s.store.ConnectionByName(ctx, projectOf(ctx), in, name)
		if err != nil {
			return 0, err
		}
		return 1, do([]synchook.ConnectionID{con.ID})
	}
	total, after := int32(0), synchook.ConnectionID("")
	for {
		cons, err := s.store.ConnectionIDs(ctx, projectOf(ctx), in, after, connectionChunk)
		if err != nil || len(cons) == 0 {
			return total, err
		}
		if err := do(cons); err != nil {
			return total, err
		}
		total, after = total+int32(len(cons)), cons[len(cons)-1]
	}
}

// syncRequest is every request that names a sync.
type syncRequest interface {
	GetProviderConfigKey() string
	GetSyncName() string
}

func (s *syncService) find(ctx context.Context, r syncRequest) (synchook.Sync, error) {
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), r.GetProviderConfigKey())
	if err != nil {
		return synchook.Sync{}, err
	}
	return s.store.SyncByName(ctx, projectOf(ctx), in.ID, r.GetSyncName())
}

// hintSender sends hints after what they are about was stored.
type hintSender struct {
	queue Queue
	log   *slog.Logger
}

// send is best effort: a hint that is lost is sent again by the sweep, and the request has succeeded. That
// the client has gone is no reason to leave the hint to the sweep.
func (h hintSender) send(ctx context.Context, hints []synchook.Hint) {
	if len(hints) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintTime)
	defer cancel()
	if err := h.queue.Send(ctx, hints...); err != nil {
		h.log.WarnContext(ctx, "hints were not sent; the sweep will send them", "hints", len(hints), "error", err)
	}
}

func fromSync(sy synchook.Sync, key string) *v1.Sync {
	return &v1.Sync{
		Id: string(sy.ID), ProviderConfigKey: key, SyncName: sy.Name, Models: sy.ModelNames(), Frequency: span(sy.Frequency),
		WebhookSubscriptions: sy.Subscriptions, TrackDeletes: sy.TrackDeletes, AutoStart: sy.AutoStart, ScriptId: string(sy.Script),
		Description: sy.Description, CreateTime: timestamp(sy.Created), UpdateTime: timestamp(sy.Updated),
	}
}
