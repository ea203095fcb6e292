package server

import (
	"cmp"
	"context"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// givenUpBefore is by how much a delivery may be older than the failures for which it was given up.
const givenUpBefore = time.Hour

// PauseEndpoint implements the service.
func (s *endpointService) PauseEndpoint(ctx context.Context, r *v1.PauseEndpointRequest) (*v1.Endpoint, error) {
	e, err := s.store.EndpointAsSet(ctx, projectOf(ctx), synchook.EndpointID(r.GetId()))
	if err != nil {
		return nil, err
	}
	why := cmp.Or(r.GetReason(), "a person paused it and did not say why")
	if err := s.store.HoldLane(ctx, callerOf(ctx), e.ID, synchook.EndpointPaused, why); err != nil {
		return nil, err
	}
	return s.show(ctx, e)
}

// ResumeEndpoint implements the service. What was given up is recovered before anything is released: if we are
// interrupted in between, whoever asks again loses nothing.
func (s *endpointService) ResumeEndpoint(ctx context.Context, r *v1.ResumeEndpointRequest) (*v1.ResumeEndpointResponse, error) {
	e, err := s.store.EndpointAsSet(ctx, projectOf(ctx), synchook.EndpointID(r.GetId()))
	if err != nil {
		return nil, err
	}
	res := &v1.ResumeEndpointResponse{}
	if !r.GetWithoutExhausted() {
		if res.RecoveryId, err = s.recoverGivenUp(ctx, e.ID); err != nil {
			return nil, err
		}
	}
	hints, err := s.store.ReleaseLane(ctx, callerOf(ctx), e.ID)
	if err != nil {
		return nil, err
	}
	s.queue.send(ctx, hints)
	res.Endpoint, err = s.show(ctx, e)
	return res, err
}

// recoverGivenUp makes a recovery of what the endpoint was owed and was given up since it began to fail, and returns its
// ID. Empty: there is nothing.
func (s *endpointService) recoverGivenUp(ctx context.Context, id synchook.EndpointID) (string, error) {
	lanes, err := s.store.EndpointLanes(ctx, projectOf(ctx), []synchook.EndpointID{id})
	if err != nil {
		return "", err
	}
	since := failingSince(lanes[0], s.now())
	if since.IsZero() {
		return "", nil
	}
	f := synchook.RecoveryFilter{Endpoint: id, From: since.Add(-givenUpBefore)}
	found, _, err := s.store.CountRecovery(ctx, projectOf(ctx), f)
	if err != nil || found == 0 {
		return "", err
	}
	made, hints, err := s.store.CreateRecovery(ctx, callerOf(ctx), f, 0)
	if err != nil {
		return "", err
	}
	s.queue.send(ctx, hints)
	return string(made.ID), nil
}

// failingSince is since when an endpoint takes nothing because of how it answers. Zero: it does not fail.
func failingSince(lane store.EndpointLane, now time.Time) time.Time {
	state := webhook.ParseFlow(lane.Flow).State(now)
	switch {
	case state.Health == webhook.Failing:
		return state.Since
	case lane.Held == synchook.EndpointOff:
		return lane.Since
	}
	return time.Time{}
}
