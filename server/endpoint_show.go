package server

import (
	"context"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

func (s *endpointService) show(ctx context.Context, e synchook.Endpoint) (*v1.Endpoint, error) {
	shown, err := s.showAll(ctx, []synchook.Endpoint{e})
	if err != nil {
		return nil, err
	}
	return shown[0], nil
}

// showAll converts endpoints of one project.
func (s *endpointService) showAll(ctx context.Context, list []synchook.Endpoint) ([]*v1.Endpoint, error) {
	p := projectOf(ctx)
	pr, err := s.store.Project(ctx, p)
	if err != nil {
		return nil, err
	}
	lanes, err := s.store.EndpointLanes(ctx, p, convertAll(list, func(e synchook.Endpoint) synchook.EndpointID { return e.ID }))
	if err != nil {
		return nil, err
	}
	names := newNames(s.store, p)
	shown := make([]*v1.Endpoint, len(list))
	for i, e := range list {
		shown[i] = fromEndpoint(e, e.ID == pr.Endpoint)
		showLane(shown[i], lanes[i], s.now())
		if err := s.showConnection(ctx, names, shown[i], e.Connection); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// showConnection names the connection whose endpoint it is.
func (s *endpointService) showConnection(ctx context.Context, n *names, shown *v1.Endpoint, id synchook.ConnectionID) error {
	if id == "" {
		return nil
	}
	con, err := s.store.Connection(ctx, projectOf(ctx), id)
	if synchook.IsKind(err, synchook.KindNotFound) {
		shown.ConnectionId = string(id) // deleted meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	shown.ConnectionId = con.Name
	shown.ProviderConfigKey, err = n.integration(ctx, con.Integration)
	return err
}

// showLane says how an endpoint does.
func showLane(shown *v1.Endpoint, lane store.EndpointLane, now time.Time) {
	shown.Pending = lane.Pending
	if lane.Held != "" {
		shown.State, shown.Reason, shown.SinceTime = endpointStateWords().enum(lane.Held), lane.Why, timestamp(lane.Since)
		return
	}
	flow := webhook.ParseFlow(lane.Flow)
	state := flow.State(now)
	shown.State, shown.Reason, shown.SinceTime = endpointStateWords().enum(synchook.EndpointState(state.Health.String())), state.Reason, timestamp(state.Since)
	shown.InFlightLimit = int32(flow.Limit())
	if state.Health != webhook.Healthy {
		shown.NextAttemptTime = timestamp(later(lane.NotBefore, state.Next))
	}
}

// fromEndpoint leaves the values of headers out: they go in only.
func fromEndpoint(e synchook.Endpoint, first bool) *v1.Endpoint {
	kind := v1.EndpointKind_ENDPOINT_KIND_FURTHER
	switch {
	case first:
		kind = v1.EndpointKind_ENDPOINT_KIND_PROJECT
	case e.Connection != "":
		kind = v1.EndpointKind_ENDPOINT_KIND_CONNECTION
	}
	return &v1.Endpoint{
		Id: string(e.ID), Kind: kind, Name: e.Name, Url: e.URL, Headers: namesOnly(e.Headers), Filter: fromFilter(e.Filter),
		OperationalWebhooks: convertAll(e.Operational, operationalWords().enum),
		RateLimit:           e.Rate, RateBurst: int32(e.Burst), RetrySchedule: spans(e.RetrySchedule), MinInterval: span(e.MinInterval), Coalesce: e.Coalesce,
		CreateTime: timestamp(e.Created), UpdateTime: timestamp(e.Updated), Etag: e.Etag,
	}
}

// fromFilter converts a filter; one that lets everything through is unset.
func fromFilter(f synchook.EndpointFilter) *v1.EndpointFilter {
	if len(f.Integrations)+len(f.Syncs)+len(f.Models) == 0 && !f.NoSyncs {
		return nil
	}
	return &v1.EndpointFilter{ProviderConfigKeys: f.Integrations, SyncNames: f.Syncs, Models: f.Models, NoSyncs: f.NoSyncs}
}
