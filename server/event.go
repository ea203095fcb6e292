package server

import (
	"context"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// eventStore keeps events.
type eventStore interface {
	Event(ctx context.Context, p synchook.ProjectID, id synchook.EventID) (synchook.Event, error)
	EventContent(ctx context.Context, p synchook.ProjectID, id synchook.EventID) (synchook.EventContent, error)
	Events(ctx context.Context, p synchook.ProjectID, q store.EventQuery, page store.Page) ([]synchook.Event, string, error)
	Rejected(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID) ([]synchook.RejectedEvent, error)
}

// eventService serves synchook.v1.EventService.
type eventService struct {
	store interface {
		eventStore
		lookupStore
		nameStore
	}
	intake Intake
}

// ListEvents implements the service.
func (s *eventService) ListEvents(ctx context.Context, r *v1.ListEventsRequest) (*v1.ListEventsResponse, error) {
	p, only := projectOf(ctx), synchook.IntegrationID("")
	res := new(v1.ListEventsResponse)
	if key := r.GetProviderConfigKey(); key != "" {
		in, err := s.store.IntegrationByKey(ctx, p, key)
		if err != nil {
			return nil, err
		}
		only = in.ID
		if res.Rejected, err = s.rejected(ctx, p, only, r.GetPageToken()); err != nil {
			return nil, err
		}
	}
	page, next, err := s.store.Events(ctx, p, store.EventQuery{Outcome: outcomeWords().word(r.GetOutcome()), Integration: only}, pageOf(r))
	if err != nil {
		return nil, err
	}
	names := newNames(s.store, p)
	res.NextPageToken = next
	res.Events, err = tryAll(page, func(e synchook.Event) (*v1.Event, error) { return fromEvent(ctx, e, names) })
	return res, err
}

// rejected returns the refused webhooks, which belong to the first page only.
func (s *eventService) rejected(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, token string) ([]*v1.RejectedEvent, error) {
	if token != "" {
		return nil, nil
	}
	list, err := s.store.Rejected(ctx, p, in)
	return convertAll(list, func(e synchook.RejectedEvent) *v1.RejectedEvent {
		return &v1.RejectedEvent{Time: timestamp(e.Time), Reason: e.Reason}
	}), err
}

// GetEvent implements the service.
func (s *eventService) GetEvent(ctx context.Context, r *v1.GetEventRequest) (*v1.GetEventResponse, error) {
	e, err := s.store.Event(ctx, projectOf(ctx), synchook.EventID(r.GetId()))
	if err != nil {
		return nil, err
	}
	content, err := s.store.EventContent(ctx, projectOf(ctx), e.ID)
	if err != nil {
		return nil, err
	}
	shown, err := fromEvent(ctx, e, newNames(s.store, projectOf(ctx)))
	return &v1.GetEventResponse{Event: shown, Payload: content.Body, Headers: content.Header}, err
}

// ReplayEvent implements the service.
func (s *eventService) ReplayEvent(ctx context.Context, r *v1.ReplayEventRequest) (*v1.ReplayEventResponse, error) {
	id := synchook.EventID(r.GetId())
	callOf(ctx).event = id
	e, runs, err := s.intake.Replay(ctx, projectOf(ctx), id)
	if err != nil {
		return nil, err
	}
	shown, err := fromEvent(ctx, e, newNames(s.store, projectOf(ctx)))
	return &v1.ReplayEventResponse{Event: shown, RunIds: texts(runs)}, err
}

// triedRuns is how many runs a trial shows.
const triedRuns = 100

// TryMatch implements the service.
func (s *eventService) TryMatch(ctx context.Context, r *v1.TryMatchRequest) (*v1.TryMatchResponse, error) {
	var match *synchook.Match
	if r.GetMatch() != nil {
		if err := checkMatch("match.all", r.GetMatch()); err != nil {
			return nil, err
		}
		match = new(toMatch(r.GetMatch()))
	}
	p := projectOf(ctx)
	trial, err := s.intake.Try(ctx, p, synchook.EventID(r.GetId()), match)
	if err != nil {
		return nil, err
	}
	res := &v1.TryMatchResponse{Outcome: outcomeWords().enum(trial.Outcome), Reason: trial.Reason, More: trial.More || len(trial.Runs) > triedRuns}
	names := newNames(s.store, p)
	res.Runs, err = tryAll(trial.Runs[:min(len(trial.Runs), triedRuns)], func(run synchook.Run) (*v1.TriedRun, error) {
		_, connection, sync, err := names.of(ctx, run.Integration, run.Connection, run.Sync)
		return &v1.TriedRun{ConnectionId: connection, SyncName: sync}, err
	})
	return res, err
}

func fromEvent(ctx context.Context, e synchook.Event, n *names) (*v1.Event, error) {
	key, err := n.integration(ctx, e.Integration)
	return &v1.Event{
		Id: string(e.ID), ProviderConfigKey: key, ExternalId: e.ExternalID, Type: e.Type, Outcome: outcomeWords().enum(e.Outcome),
		Reason: e.Reason, AcceptTime: timestamp(e.Accepted), Sequence: e.Sequence, RunIds: texts(e.Runs), Replays: int32(e.Replays),
		PayloadSize: e.Size,
	}, err
}
