package server

import (
	"context"
	"crypto/rand"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// endpointStore keeps endpoints.
type endpointStore interface {
	CreateEndpoint(ctx context.Context, c synchook.Caller, e synchook.Endpoint, secret string) (synchook.Endpoint, error)
	EndpointAsSet(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) (synchook.Endpoint, error)
	EndpointPage(ctx context.Context, p synchook.ProjectID, page store.Page) ([]synchook.Endpoint, string, error)
	UpdateEndpoint(ctx context.Context, c synchook.Caller, id synchook.EndpointID, etag string, change func(*synchook.Endpoint) error) (synchook.Endpoint, error)
	DeleteEndpoint(ctx context.Context, c synchook.Caller, id synchook.EndpointID) ([]synchook.Hint, error)
	EndpointSecrets(ctx context.Context, p synchook.ProjectID, id synchook.EndpointID) ([]synchook.SigningSecret, error)
	RotateEndpointSecret(ctx context.Context, c synchook.Caller, id synchook.EndpointID, text string, until time.Time) error
	HoldLane(ctx context.Context, c synchook.Caller, id synchook.EndpointID, kind synchook.EndpointState, why string) error
	ReleaseLane(ctx context.Context, c synchook.Caller, id synchook.EndpointID) ([]synchook.Hint, error)
	EndpointLanes(ctx context.Context, p synchook.ProjectID, ids []synchook.EndpointID) ([]store.EndpointLane, error)
}

// endpointService serves synchook.v1.EndpointService.
type endpointService struct {
	store interface {
		endpointStore
		projectStore
		nameStore
		recoveryStore
	}
	queue  hintSender
	prober Prober
	urls   urls
	now    func() time.Time
}

// CreateEndpoint implements the service.
func (s *endpointService) CreateEndpoint(ctx context.Context, r *v1.CreateEndpointRequest) (*v1.CreateEndpointResponse, error) {
	given := r.GetEndpoint()
	if err := s.check(given); err != nil {
		return nil, err
	}
	secret, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		return nil, err
	}
	var e synchook.Endpoint
	for _, set := range endpointPatches(given) {
		set(&e)
	}
	if err := wantURL(&e); err != nil {
		return nil, err
	}
	if e, err = s.store.CreateEndpoint(ctx, callerOf(ctx), e, secret.Text()); err != nil {
		return nil, err
	}
	shown, err := s.show(ctx, e)
	return &v1.CreateEndpointResponse{Endpoint: shown, SigningSecret: secret.Text()}, err
}

// GetEndpoint implements the service.
func (s *endpointService) GetEndpoint(ctx context.Context, r *v1.GetEndpointRequest) (*v1.Endpoint, error) {
	return s.get(ctx, synchook.EndpointID(r.GetId()))
}

func (s *endpointService) get(ctx context.Context, id synchook.EndpointID) (*v1.Endpoint, error) {
	e, err := s.store.EndpointAsSet(ctx, projectOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return s.show(ctx, e)
}

// ListEndpoints implements the service.
func (s *endpointService) ListEndpoints(ctx context.Context, r *v1.ListEndpointsRequest) (*v1.ListEndpointsResponse, error) {
	page, next, err := s.store.EndpointPage(ctx, projectOf(ctx), pageOf(r))
	if err != nil {
		return nil, err
	}
	shown, err := s.showAll(ctx, page)
	return &v1.ListEndpointsResponse{Endpoints: shown, NextPageToken: next}, err
}

// UpdateEndpoint implements the service.
func (s *endpointService) UpdateEndpoint(ctx context.Context, r *v1.UpdateEndpointRequest) (*v1.Endpoint, error) {
	given := r.GetEndpoint()
	change, err := applyMask(r.GetUpdateMask(), endpointPatches(given))
	if err != nil {
		return nil, err
	}
	if err := s.check(given); err != nil {
		return nil, err
	}
	id := synchook.EndpointID(given.GetId())
	if err := s.wantFurther(ctx, "endpoint.id", id); err != nil {
		return nil, err
	}
	e, err := s.store.UpdateEndpoint(ctx, callerOf(ctx), id, given.GetEtag(), func(e *synchook.Endpoint) error {
		change(e)
		return wantURL(e)
	})
	if err != nil {
		return nil, err
	}
	return s.show(ctx, e)
}

// DeleteEndpoint implements the service.
func (s *endpointService) DeleteEndpoint(ctx context.Context, r *v1.DeleteEndpointRequest) (*v1.DeleteEndpointResponse, error) {
	id := synchook.EndpointID(r.GetId())
	if err := s.wantFurther(ctx, "id", id); err != nil {
		return nil, err
	}
	hints, err := s.store.DeleteEndpoint(ctx, callerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	s.queue.send(ctx, hints)
	return &v1.DeleteEndpointResponse{}, nil
}

// RotateEndpointSecret implements the service.
func (s *endpointService) RotateEndpointSecret(ctx context.Context, r *v1.RotateEndpointSecretRequest) (*v1.RotateEndpointSecretResponse, error) {
	id := synchook.EndpointID(r.GetId())
	if err := s.wantFurther(ctx, "id", id); err != nil {
		return nil, err
	}
	secret, until, err := newSecret(r, s.now())
	if err != nil {
		return nil, err
	}
	if err := s.store.RotateEndpointSecret(ctx, callerOf(ctx), id, secret.Text(), until); err != nil {
		return nil, err
	}
	res := &v1.RotateEndpointSecretResponse{SigningSecret: secret.Text()}
	if until.After(s.now()) {
		res.FormerSecretExpireTime = timestamp(until)
	}
	return res, nil
}

// check judges what the contract's own rules cannot.
func (s *endpointService) check(given *v1.Endpoint) error {
	if raw := given.GetUrl(); raw != "" {
		if err := s.urls.check("endpoint.url", raw); err != nil {
			return err
		}
	}
	return checkHeaders("endpoint.headers", given.GetHeaders())
}

func wantURL(e *synchook.Endpoint) error {
	if e.URL == "" {
		return synchook.Invalid("endpoint.url", "an endpoint needs a URL", "Set it, or pause or delete the endpoint if it shall get nothing.")
	}
	return nil
}

// wantFurther returns the fault of naming an endpoint, in that field, which is set elsewhere.
func (s *endpointService) wantFurther(ctx context.Context, field string, id synchook.EndpointID) error {
	e, err := s.store.EndpointAsSet(ctx, projectOf(ctx), id)
	if err != nil {
		return err
	}
	pr, err := s.store.Project(ctx, projectOf(ctx))
	switch {
	case err != nil:
		return err
	case e.ID == pr.Endpoint:
		return synchook.Invalid(field, "this endpoint is the webhook URL of the project's settings",
			"Change it with UpdateProjectSettings, and its secret with RotateSigningSecret.")
	case e.Connection != "":
		return synchook.Invalid(field, "this endpoint is the webhook URL of a connection",
			"Change it with UpdateConnection; the project's secret signs what it gets.")
	}
	return nil
}

func endpointPatches(given *v1.Endpoint) map[string]patch[synchook.Endpoint] {
	return map[string]patch[synchook.Endpoint]{
		"name":    func(e *synchook.Endpoint) { e.Name = given.GetName() },
		"url":     func(e *synchook.Endpoint) { e.URL = given.GetUrl() },
		"headers": func(e *synchook.Endpoint) { e.Headers = given.GetHeaders() },
		"filter":  func(e *synchook.Endpoint) { e.Filter = toFilter(given.GetFilter()) },
		"operational_webhooks": func(e *synchook.Endpoint) {
			e.Operational = convertAll(given.GetOperationalWebhooks(), operationalWords().word)
		},
		"rate_limit":     func(e *synchook.Endpoint) { e.Rate = given.GetRateLimit() },
		"rate_burst":     func(e *synchook.Endpoint) { e.Burst = int(given.GetRateBurst()) },
		"retry_schedule": func(e *synchook.Endpoint) { e.RetrySchedule = fromSpans(given.GetRetrySchedule()) },
		"min_interval":   func(e *synchook.Endpoint) { e.MinInterval = given.GetMinInterval().AsDuration() },
		"coalesce":       func(e *synchook.Endpoint) { e.Coalesce = given.GetCoalesce() },
	}
}

func toFilter(given *v1.EndpointFilter) synchook.EndpointFilter {
	return synchook.EndpointFilter{
		Integrations: given.GetProviderConfigKeys(), Syncs: given.GetSyncNames(), Models: given.GetModels(), NoSyncs: given.GetNoSyncs(),
	}
}
