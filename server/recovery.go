package server

import (
	"context"
	"errors"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// recoveryStore keeps recoveries.
type recoveryStore interface {
	CountRecovery(ctx context.Context, p synchook.ProjectID, f synchook.RecoveryFilter) (found int64, at time.Time, err error)
	CreateRecovery(ctx context.Context, c synchook.Caller, f synchook.RecoveryFilter, rate float64) (synchook.Recovery, []synchook.Hint, error)
	Recovery(ctx context.Context, p synchook.ProjectID, id synchook.RecoveryID) (synchook.Recovery, error)
	Recoveries(ctx context.Context, p synchook.ProjectID, page store.Page) ([]synchook.Recovery, string, error)
	SteerRecovery(ctx context.Context, c synchook.Caller, id synchook.RecoveryID, to synchook.RecoveryState) ([]synchook.Hint, error)
	WatchRecoveries(ctx context.Context, p synchook.ProjectID) (<-chan []synchook.RecoveryID, error)
}

// recoveryService serves synchook.v1.RecoveryService.
type recoveryService struct {
	store interface {
		recoveryStore
		lookupStore
		nameStore
		Endpoint(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) (synchook.Endpoint, error)
	}
	queue hintSender
}

// CreateRecovery implements the service.
func (s *recoveryService) CreateRecovery(ctx context.Context, r *v1.CreateRecoveryRequest) (*v1.Recovery, error) {
	f, err := s.filter(ctx, r.GetFilter())
	if err != nil {
		return nil, err
	}
	if r.GetDryRun() {
		found, at, err := s.store.CountRecovery(ctx, projectOf(ctx), f)
		if err != nil {
			return nil, err
		}
		return &v1.Recovery{
			State: v1.RecoveryState_RECOVERY_STATE_DRY_RUN, Filter: r.GetFilter(), RateLimit: r.GetRateLimit(), Found: found,
			CreateTime: timestamp(at), Reason: "it was counted only, and nothing was changed",
		}, nil
	}
	made, hints, err := s.store.CreateRecovery(ctx, callerOf(ctx), f, r.GetRateLimit())
	if err != nil {
		return nil, err
	}
	s.queue.send(ctx, hints)
	return s.show(ctx, made)
}

// filter reads which deliveries are meant. An endpoint that is none is a slip of the pen: nothing is owed to it.
func (s *recoveryService) filter(ctx context.Context, given *v1.RecoveryFilter) (f synchook.RecoveryFilter, err error) {
	at, err := placeOf(ctx, s.store, projectOf(ctx), given)
	if err != nil {
		return f, inFilter(err)
	}
	f = synchook.RecoveryFilter{
		From: timeOf(given.GetCreatedAfter()), Before: timeOf(given.GetCreatedBefore()), Endpoint: synchook.EndpointID(given.GetEndpointId()),
		Integration: at.integration, Connection: at.connection, Sync: at.sync, Model: given.GetModel(),
	}
	if !f.Before.IsZero() && !f.From.Before(f.Before) {
		return f, synchook.Invalid("filter.created_before", "nothing is made before this time and not before created_after",
			"Set created_before to a later time than created_after, or leave it unset for all until now.")
	}
	if f.Endpoint != "" {
		_, err = s.store.Endpoint(ctx, projectOf(ctx), f.Endpoint)
	}
	return f, err
}

// inFilter says of a fault of a field that the field is the filter's.
func inFilter(err error) error {
	var fault *synchook.Fault
	if !errors.As(err, &fault) || fault.Field == "" {
		return err
	}
	own := *fault
	own.Field = "filter." + own.Field
	return &own
}

// GetRecovery implements the service.
func (s *recoveryService) GetRecovery(ctx context.Context, r *v1.GetRecoveryRequest) (*v1.Recovery, error) {
	return s.get(ctx, synchook.RecoveryID(r.GetId()))
}

func (s *recoveryService) get(ctx context.Context, id synchook.RecoveryID) (*v1.Recovery, error) {
	r, err := s.store.Recovery(ctx, projectOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return s.show(ctx, r)
}

// ListRecoveries implements the service.
func (s *recoveryService) ListRecoveries(ctx context.Context, r *v1.ListRecoveriesRequest) (*v1.ListRecoveriesResponse, error) {
	page, next, err := s.store.Recoveries(ctx, projectOf(ctx), pageOf(r))
	if err != nil {
		return nil, err
	}
	n := newNames(s.store, projectOf(ctx))
	shown, err := tryAll(page, func(r synchook.Recovery) (*v1.Recovery, error) { return fromRecovery(ctx, n, r) })
	return &v1.ListRecoveriesResponse{Recoveries: shown, NextPageToken: next}, err
}

// PauseRecovery implements the service.
func (s *recoveryService) PauseRecovery(ctx context.Context, r *v1.PauseRecoveryRequest) (*v1.Recovery, error) {
	return s.steer(ctx, r.GetId(), synchook.RecoveryPaused)
}

// ResumeRecovery implements the service.
func (s *recoveryService) ResumeRecovery(ctx context.Context, r *v1.ResumeRecoveryRequest) (*v1.Recovery, error) {
	return s.steer(ctx, r.GetId(), synchook.RecoveryRunning)
}

// CancelRecovery implements the service.
func (s *recoveryService) CancelRecovery(ctx context.Context, r *v1.CancelRecoveryRequest) (*v1.Recovery, error) {
	return s.steer(ctx, r.GetId(), synchook.RecoveryCancelled)
}

func (s *recoveryService) steer(ctx context.Context, id string, to synchook.RecoveryState) (*v1.Recovery, error) {
	hints, err := s.store.SteerRecovery(ctx, callerOf(ctx), synchook.RecoveryID(id), to)
	if err != nil {
		return nil, err
	}
	s.queue.send(ctx, hints)
	return s.get(ctx, synchook.RecoveryID(id))
}

func (s *recoveryService) show(ctx context.Context, r synchook.Recovery) (*v1.Recovery, error) {
	return fromRecovery(ctx, newNames(s.store, projectOf(ctx)), r)
}

func fromRecovery(ctx context.Context, n *names, r synchook.Recovery) (*v1.Recovery, error) {
	f := r.Filter
	key, connection, sync, err := n.of(ctx, f.Integration, f.Connection, f.Sync)
	if err != nil {
		return nil, err
	}
	return &v1.Recovery{
		Id: string(r.ID), State: recoveryStateWords().enum(r.State), RateLimit: r.Rate,
		Filter: &v1.RecoveryFilter{
			CreatedAfter: timestamp(f.From), CreatedBefore: timestamp(f.Before), EndpointId: string(f.Endpoint),
			ProviderConfigKey: key, ConnectionId: connection, SyncName: sync, Model: f.Model,
		},
		Found: r.Found, Examined: r.Examined, Retried: r.Retried, Skipped: r.Skipped,
		CreateTime: timestamp(r.Created), EndTime: timestamp(r.Ended), Reason: r.Reason(),
	}, nil
}
