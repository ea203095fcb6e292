package server

import (
	"cmp"
	"context"
	"slices"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// connectionStore keeps connections.
type connectionStore interface {
	CreateConnection(ctx context.Context, p synchook.ProjectID, c synchook.Connection) (synchook.Connection, error)
	Integrations(ctx context.Context, p synchook.ProjectID) ([]synchook.Integration, error)
	Connections(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, page store.Page) ([]synchook.Connection, string, error)
	UpdateConnection(ctx context.Context, p synchook.ProjectID, id synchook.ConnectionID, change func(*synchook.Connection) error) (synchook.Connection, error)
	DeleteConnection(ctx context.Context, p synchook.ProjectID, c synchook.Connection) error
}

// connectionService serves synchook.v1.ConnectionService.
type connectionService struct {
	store interface {
		connectionStore
		lookupStore
		nameStore
	}
	urls urls
}

// CreateConnection implements the service.
func (s *connectionService) CreateConnection(ctx context.Context, r *v1.CreateConnectionRequest) (*v1.Connection, error) {
	given := r.GetConnection()
	values, err := s.toConnection(given)
	if err != nil {
		return nil, err
	}
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), given.GetProviderConfigKey())
	if err != nil {
		return nil, err
	}
	values.Integration, values.Name = in.ID, given.GetConnectionId()
	con, err := s.store.CreateConnection(ctx, projectOf(ctx), values)
	if err != nil {
		return nil, err
	}
	return fromConnection(con, in.Key)
}

// GetConnection implements the service.
func (s *connectionService) GetConnection(ctx context.Context, r *v1.GetConnectionRequest) (*v1.Connection, error) {
	con, err := s.find(ctx, r.GetProviderConfigKey(), r.GetConnectionId())
	if err != nil {
		return nil, err
	}
	return fromConnection(con, r.GetProviderConfigKey())
}

// ListConnections implements the service.
func (s *connectionService) ListConnections(ctx context.Context, r *v1.ListConnectionsRequest) (*v1.ListConnectionsResponse, error) {
	p, only := projectOf(ctx), synchook.IntegrationID("")
	if key := r.GetProviderConfigKey(); key != "" {
		in, err := s.store.IntegrationByKey(ctx, p, key)
		if err != nil {
			return nil, err
		}
		only = in.ID
	}
	page, next, err := s.list(ctx, p, only, r)
	if err != nil {
		return nil, err
	}
	names := newNames(s.store, p)
	shown, err := tryAll(page, func(con synchook.Connection) (*v1.Connection, error) {
		key, err := names.integration(ctx, con.Integration)
		if err != nil {
			return nil, err
		}
		return fromConnection(con, key)
	})
	return &v1.ListConnectionsResponse{Connections: shown, NextPageToken: next}, err
}

// list returns a page of connections, or those of the name that is asked for: one of each integration at most.
func (s *connectionService) list(ctx context.Context, p synchook.ProjectID, only synchook.IntegrationID, r *v1.ListConnectionsRequest) ([]synchook.Connection, string, error) {
	if r.GetConnectionId() == "" {
		return s.store.Connections(ctx, p, only, pageOf(r))
	}
	all, err := s.store.Integrations(ctx, p)
	if err != nil {
		return nil, "", err
	}
	var named []synchook.Connection
	for _, in := range all {
		if only != "" && in.ID != only {
			continue
		}
		con, err := s.store.ConnectionByName(ctx, p, in.ID, r.GetConnectionId())
		if synchook.IsKind(err, synchook.KindNotFound) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		named = append(named, con)
	}
	slices.SortFunc(named, func(a, b synchook.Connection) int { return cmp.Compare(a.ID, b.ID) }) // oldest first
	return cut(named, func(con synchook.Connection) string { return string(con.ID) }, pageOf(r))
}

// UpdateConnection implements the service.
func (s *connectionService) UpdateConnection(ctx context.Context, r *v1.UpdateConnectionRequest) (*v1.Connection, error) {
	given := r.GetConnection()
	values, err := s.toConnection(given)
	if err != nil {
		return nil, err
	}
	change, err := applyMask(r.GetUpdateMask(), map[string]patch[synchook.Connection]{
		"credentials":       func(c *synchook.Connection) { c.Credentials = values.Credentials },
		"metadata":          func(c *synchook.Connection) { c.Metadata = values.Metadata },
		"connection_config": func(c *synchook.Connection) { c.Config = values.Config },
		"webhook_url":       func(c *synchook.Connection) { c.WebhookURL = values.WebhookURL },
	})
	if err != nil {
		return nil, err
	}
	con, err := s.find(ctx, given.GetProviderConfigKey(), given.GetConnectionId())
	if err != nil {
		return nil, err
	}
	con, err = s.store.UpdateConnection(ctx, projectOf(ctx), con.ID, func(c *synchook.Connection) error {
		change(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fromConnection(con, given.GetProviderConfigKey())
}

// DeleteConnection implements the service.
func (s *connectionService) DeleteConnection(ctx context.Context, r *v1.DeleteConnectionRequest) (*v1.DeleteConnectionResponse, error) {
	con, err := s.find(ctx, r.GetProviderConfigKey(), r.GetConnectionId())
	if err != nil {
		return nil, err
	}
	if err := s.store.DeleteConnection(ctx, projectOf(ctx), con); err != nil {
		return nil, err
	}
	return &v1.DeleteConnectionResponse{}, nil
}

func (s *connectionService) find(ctx context.Context, key, name string) (synchook.Connection, error) {
	in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), key)
	if err != nil {
		return synchook.Connection{}, err
	}
	return s.store.ConnectionByName(ctx, projectOf(ctx), in.ID, name)
}

// toConnection converts what can be changed about a connection.
func (s *connectionService) toConnection(given *v1.Connection) (synchook.Connection, error) {
	if raw := given.GetWebhookUrl(); raw != "" {
		if err := s.urls.check("connection.webhook_url", raw); err != nil {
			return synchook.Connection{}, err
		}
	}
	metadata, err := fromObject("connection.metadata", given.GetMetadata())
	if err != nil {
		return synchook.Connection{}, err
	}
	config, err := fromObject("connection.connection_config", given.GetConnectionConfig())
	return synchook.Connection{
		Credentials: toCredentials(given.GetCredentials()), Metadata: metadata, Config: config, WebhookURL: given.GetWebhookUrl(),
	}, err
}

func toCredentials(given *v1.Credentials) synchook.Credentials {
	switch kind := given.GetKind().(type) {
	case *v1.Credentials_BearerToken:
		return synchook.Credentials{Kind: synchook.CredentialsBearer, Value: kind.BearerToken}
	case *v1.Credentials_Basic:
		return synchook.Credentials{Kind: synchook.CredentialsBasic, Name: kind.Basic.GetUsername(), Value: kind.Basic.GetPassword()}
	case *v1.Credentials_Header:
		return synchook.Credentials{Kind: synchook.CredentialsHeader, Name: kind.Header.GetName(), Value: kind.Header.GetValue()}
	}
	return synchook.Credentials{}
}

// fromConnection leaves the credentials out: they go in only.
func fromConnection(con synchook.Connection, key string) (*v1.Connection, error) {
	metadata, err := object(con.Metadata)
	if err != nil {
		return nil, err
	}
	config, err := object(con.Config)
	if err != nil {
		return nil, err
	}
	shown := &v1.Connection{
		Id: string(con.ID), ProviderConfigKey: key, ConnectionId: con.Name,
		CredentialsKind: credentialsWords().enum(con.Credentials.Kind), Metadata: metadata, ConnectionConfig: config,
		WebhookUrl: con.WebhookURL, CreateTime: timestamp(con.Created), UpdateTime: timestamp(con.Updated),
		LastEventTime: timestamp(con.Stand.LastEvent), RefusedTime: timestamp(con.Stand.RefusedSince),
	}
	if at := con.Stand; at.LastRun != "" {
		shown.LastRunId, shown.LastRunState, shown.LastRunTime = string(at.LastRun), runStateWords().enum(at.LastRunState), timestamp(at.LastRunEnded)
	}
	if con.WebhookURL != "" {
		shown.EndpointId = string(synchook.ConnectionEndpointID(con.ID))
	}
	return shown, nil
}
