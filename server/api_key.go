package server

import (
	"context"
	"fmt"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

// keyStore keeps API keys.
type keyStore interface {
	CreateAPIKey(ctx context.Context, p synchook.ProjectID, name string, scopes []synchook.Scope) (synchook.APIKey, string, error)
	APIKeys(ctx context.Context, p synchook.ProjectID) ([]synchook.APIKey, error)
	RevokeAPIKey(ctx context.Context, p synchook.ProjectID, id synchook.KeyID) error
}

// keyService serves synchook.v1.APIKeyService.
type keyService struct{ store keyStore }

// CreateAPIKey implements the service.
func (s *keyService) CreateAPIKey(ctx context.Context, r *v1.CreateAPIKeyRequest) (*v1.CreateAPIKeyResponse, error) {
	caller, scopes := callerOf(ctx), convertAll(r.GetScopes(), scopeWords().word)
	for i, scope := range scopes {
		if !caller.May(scope) {
			return nil, synchook.Invalid(fmt.Sprintf("scopes[%d]", i), "the key that asks lacks the scope \""+string(scope)+"\" itself",
				"Ask with a key that has it.")
		}
	}
	key, secret, err := s.store.CreateAPIKey(ctx, caller.Project, r.GetName(), scopes)
	if err != nil {
		return nil, err
	}
	return &v1.CreateAPIKeyResponse{ApiKey: fromKey(key), Secret: secret}, nil
}

// ListAPIKeys implements the service.
func (s *keyService) ListAPIKeys(ctx context.Context, _ *v1.ListAPIKeysRequest) (*v1.ListAPIKeysResponse, error) {
	keys, err := s.store.APIKeys(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	return &v1.ListAPIKeysResponse{ApiKeys: convertAll(keys, fromKey)}, nil
}

// RevokeAPIKey implements the service.
func (s *keyService) RevokeAPIKey(ctx context.Context, r *v1.RevokeAPIKeyRequest) (*v1.RevokeAPIKeyResponse, error) {
	if err := s.store.RevokeAPIKey(ctx, projectOf(ctx), synchook.KeyID(r.GetId())); err != nil {
		return nil, err
	}
	return &v1.RevokeAPIKeyResponse{}, nil
}

func fromKey(k synchook.APIKey) *v1.APIKey {
	return &v1.APIKey{
		Id: string(k.ID), Name: k.Name, Scopes: convertAll(k.Scopes, scopeWords().enum), Prefix: k.Prefix,
		CreateTime: timestamp(k.Created), LastUseTime: timestamp(k.LastUsed),
	}
}
