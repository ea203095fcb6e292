package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/synchook"
)

// webhookService serves synchook.v1.WebhookService.
type webhookService struct {
	store interface {
		projectStore
		lookupStore
	}
	intake Intake
	urls   urls
	now    func() time.Time
}

// IngestWebhook implements the service.
func (s *webhookService) IngestWebhook(ctx context.Context, r *v1.IngestWebhookRequest) (*v1.IngestWebhookResponse, error) {
	project, err := s.store.Project(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	in, err := s.store.IntegrationByKey(ctx, project.ID, r.GetProviderConfigKey())
	if err != nil {
		return nil, err
	}
	p, err := providerOf(in)
	if err != nil {
		return nil, err
	}
	if most := p.MaxBody(); int64(len(r.GetBody())) > most {
		return nil, tooLarge(most)
	}
	receipt, err := s.intake.Receive(ctx, intake.Incoming{
		Project: project.ID, Integration: in, Provider: p,
		Request: provider.Request{
			Method: http.MethodPost, URL: s.urls.public + webhookPath(project.PublicID, in.Key), Header: toHeader(r.GetHeaders()),
			Body: r.GetBody(), Received: s.now(),
		},
	})
	if err != nil {
		return nil, err
	}
	callOf(ctx).event = receipt.Event
	return &v1.IngestWebhookResponse{
		EventId: string(receipt.Event), Duplicate: receipt.Duplicate, Runs: int32(receipt.Runs), Reason: receipt.Reason,
	}, nil
}

func toHeader(given map[string]string) http.Header {
	header := make(http.Header, len(given))
	for name, value := range given {
		header.Set(name, value)
	}
	return header
}

// providerOf returns the code for an integration's provider, which was there when it was made.
func providerOf(in synchook.Integration) (provider.Provider, error) {
	p, ok := provider.Lookup(in.Provider)
	if !ok {
		return nil, fmt.Errorf("the integration %s has the provider %q, which this program does not know", in.ID, in.Provider)
	}
	return p, nil
}

func tooLarge(most int64) *synchook.Fault {
	return &synchook.Fault{
		Kind: synchook.KindTooLarge, Reason: "body_too_large", Message: fmt.Sprintf("the body is larger than %d bytes", most),
		Help: "No webhook of this provider is that large.",
	}
}
