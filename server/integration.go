package server

import (
	"context"
	"strings"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/synchook"
)

// integrationStore keeps integrations.
type integrationStore interface {
	CreateIntegration(ctx context.Context, p synchook.ProjectID, in synchook.Integration) (synchook.Integration, error)
	IntegrationByKey(ctx context.Context, p synchook.ProjectID, key string) (synchook.Integration, error)
	Integrations(ctx context.Context, p synchook.ProjectID) ([]synchook.Integration, error)
	UpdateIntegration(ctx context.Context, p synchook.ProjectID, in synchook.Integration) (synchook.Integration, error)
	DeleteIntegration(ctx context.Context, p synchook.ProjectID, in synchook.Integration) error
	LastEvents(ctx context.Context, p synchook.ProjectID) (map[synchook.IntegrationID]time.Time, error)
}

// integrationService serves synchook.v1.IntegrationService.
type integrationService struct {
	store interface {
		integrationStore
		projectStore // for the public part of webhook URLs
	}
	urls urls
}

// CreateIntegration implements the service.
func (s *integrationService) CreateIntegration(ctx context.Context, r *v1.CreateIntegrationRequest) (*v1.Integration, error) {
	given := r.GetIntegration()
	if _, ok := provider.Lookup(given.GetProvider()); !ok {
		return nil, synchook.Invalid("integration.provider", "there is no provider \""+given.GetProvider()+"\"",
			"The providers are: "+strings.Join(provider.Names(), ", ")+".")
	}
	if err := s.check(given); err != nil {
		return nil, err
	}
	in, err := s.store.CreateIntegration(ctx, projectOf(ctx), synchook.Integration{
		Key: given.GetProviderConfigKey(), Provider: given.GetProvider(), Secrets: given.GetWebhookSecrets(),
		BaseURL: given.GetBaseUrl(), Match: toMatch(given.GetMatch()),
	})
	if err != nil {
		return nil, err
	}
	return s.show(ctx, in)
}

// GetIntegration implements the service.
func (s *integrationService) GetIntegration(ctx context.Context, r *v1.GetIntegrationRequest) (*v1.Integration, error) {
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), r.GetProviderConfigKey())
	if err != nil {
		return nil, err
	}
	return s.show(ctx, in)
}

// ListIntegrations implements the service.
func (s *integrationService) ListIntegrations(ctx context.Context, r *v1.ListIntegrationsRequest) (*v1.ListIntegrationsResponse, error) {
	all, err := s.store.Integrations(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	page, next, err := cut(all, func(in synchook.Integration) string { return in.Key }, pageOf(r))
	if err != nil {
		return nil, err
	}
	shown, err := s.showAll(ctx, page)
	return &v1.ListIntegrationsResponse{Integrations: shown, NextPageToken: next}, err
}

// UpdateIntegration implements the service.
func (s *integrationService) UpdateIntegration(ctx context.Context, r *v1.UpdateIntegrationRequest) (*v1.Integration, error) {
	given := r.GetIntegration()
	change, err := applyMask(r.GetUpdateMask(), map[string]patch[synchook.Integration]{
		"webhook_secrets": func(in *synchook.Integration) { in.Secrets = given.GetWebhookSecrets() },
		"base_url":        func(in *synchook.Integration) { in.BaseURL = given.GetBaseUrl() },
		"match":           func(in *synchook.Integration) { in.Match = toMatch(given.GetMatch()) },
	})
	if err != nil {
		return nil, err
	}
	if err := s.check(given); err != nil {
		return nil, err
	}
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), given.GetProviderConfigKey())
	if err != nil {
		return nil, err
	}
	change(&in)
	if in, err = s.store.UpdateIntegration(ctx, projectOf(ctx), in); err != nil {
		return nil, err
	}
	return s.show(ctx, in)
}

// check judges what the contract's own rules cannot.
func (s *integrationService) check(given *v1.Integration) error {
	if err := checkMatch("integration.match.all", given.GetMatch()); err != nil {
		return err
	}
	if raw := given.GetBaseUrl(); raw != "" {
		return s.urls.checkBase("integration.base_url", raw)
	}
	return nil
}

func checkMatch(field string, m *v1.Match) error {
	if m.GetAll() && len(m.GetRules()) > 0 {
		return synchook.Invalid(field, "every event cannot go to all connections and to those that rules find",
			"Set either all or rules.")
	}
	return nil
}

// DeleteIntegration implements the service.
func (s *integrationService) DeleteIntegration(ctx context.Context, r *v1.DeleteIntegrationRequest) (*v1.DeleteIntegrationResponse, error) {
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), r.GetProviderConfigKey())
	if err != nil {
		return nil, err
	}
	if err := s.store.DeleteIntegration(ctx, projectOf(ctx), in); err != nil {
		return nil, err
	}
	return &v1.DeleteIntegrationResponse{}, nil
}

func (s *integrationService) show(ctx context.Context, in synchook.Integration) (*v1.Integration, error) {
	shown, err := s.showAll(ctx, []synchook.Integration{in})
	if err != nil {
		return nil, err
	}
	return shown[0], nil
}

func (s *integrationService) showAll(ctx context.Context, list []synchook.Integration) ([]*v1.Integration, error) {
	p, err := s.store.Project(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	last, err := s.store.LastEvents(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return convertAll(list, func(in synchook.Integration) *v1.Integration {
		shown := fromIntegration(in, p, s.urls)
		shown.LastEventTime = timestamp(last[in.ID])
		return shown
	}), nil
}

// fromIntegration leaves the secrets out: they go in only.
func fromIntegration(in synchook.Integration, p synchook.Project, u urls) *v1.Integration {
	path := webhookPath(p.PublicID, in.Key)
	return &v1.Integration{
		Id: string(in.ID), ProviderConfigKey: in.Key, Provider: in.Provider, WebhookSecretCount: int32(len(in.Secrets)),
		BaseUrl: in.BaseURL, Match: fromMatch(in.Match), WebhookPath: path, WebhookUrl: u.full(path),
		CreateTime: timestamp(in.Created), UpdateTime: timestamp(in.Updated),
	}
}

func fromMatch(m synchook.Match) *v1.Match {
	if m.IsZero() {
		return nil
	}
	return &v1.Match{All: m.All, Rules: convertAll(m.Rules, func(r synchook.MatchRule) *v1.MatchRule {
		return &v1.MatchRule{From: r.From, To: r.To}
	})}
}

func toMatch(m *v1.Match) synchook.Match {
	return synchook.Match{All: m.GetAll(), Rules: convertAll(m.GetRules(), func(r *v1.MatchRule) synchook.MatchRule {
		return synchook.MatchRule{From: r.GetFrom(), To: r.GetTo()}
	})}
}
