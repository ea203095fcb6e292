package server

import (
	"context"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// Prober sends a webhook once and tells all about it. *webhook.Sender is one.
type Prober interface {
	Probe(ctx context.Context, m webhook.Message) webhook.Probe
}

// testPrefix begins the webhook-id of a test, so that a receiver that remembers IDs takes each for a new one.
const testPrefix = "test_"

// SendTestWebhook implements the service.
func (s *endpointService) SendTestWebhook(ctx context.Context, r *v1.SendTestWebhookRequest) (*v1.SendTestWebhookResponse, error) {
	e, err := s.tested(ctx, synchook.EndpointID(r.GetEndpointId()))
	if err != nil {
		return nil, err
	}
	stored, err := s.store.EndpointSecrets(ctx, projectOf(ctx), e.ID)
	if err != nil {
		return nil, err
	}
	secrets, err := webhook.ParseSecrets(synchook.LiveSecrets(stored, s.now()))
	if err != nil {
		return nil, err
	}
	message := webhook.Message{
		ID: synchook.NewID(testPrefix, s.now()), URL: e.URL, Secrets: secrets, Header: e.Headers,
		Body: testBody(operationalWords().word(r.GetOperationalType()), s.now()),
	}
	return fromProbe(s.prober.Probe(ctx, message), message.Body), nil
}

// tested returns the endpoint of that ID, or the project's first one if there is none.
func (s *endpointService) tested(ctx context.Context, id synchook.EndpointID) (synchook.Endpoint, error) {
	if id == "" {
		pr, err := s.store.Project(ctx, projectOf(ctx))
		if err != nil {
			return synchook.Endpoint{}, err
		}
		id = pr.Endpoint
	}
	e, err := s.store.EndpointAsSet(ctx, projectOf(ctx), id)
	if err == nil && e.URL == "" {
		err = &synchook.Fault{
			Kind: synchook.KindState, Reason: "endpoint_without_url", Subject: string(id), Message: "the endpoint has no URL",
			Help: "Set webhook_url in the project's settings first.",
		}
	}
	return e, err
}

// testBody returns a body as an endpoint gets them, of things that do not exist: an operational one, or without a
// type that of a sync's webhook.
func testBody(t synchook.OperationalType, now time.Time) []byte {
	names := webhook.Names{ConnectionID: "test-connection", ProviderConfigKey: "test-integration", SyncName: "test-sync", Model: "TestModel"}
	if t == "" {
		return webhook.SyncBody{
			ConnectionID: names.ConnectionID, ProviderConfigKey: names.ProviderConfigKey, SyncName: names.SyncName, Model: names.Model,
			Counts: webhook.Counts{Added: 1}, QueryTimeStamp: now,
		}.Bytes()
	}
	return webhook.OperationalBody{
		Type: t, Timestamp: now, Names: names, RunID: "run_test", EndpointID: "end_test", URL: "https://test.example/hook", DeliveryID: "dlv_test",
		Attempts: 1, LastStatus: 401, Reason: "this is a test", Error: "this is a test",
	}.Bytes()
}

func fromProbe(p webhook.Probe, body []byte) *v1.SendTestWebhookResponse {
	return &v1.SendTestWebhookResponse{
		Success: p.Verdict.Outcome == webhook.Delivered, Reason: "the endpoint " + p.Verdict.Reason, Address: p.Address, Tls: fromTLS(p.TLS),
		Phases: &v1.SendTestWebhookResponse_Phases{
			NameLookup: span(p.Phases.NameLookup), Connect: span(p.Phases.Connect), TlsHandshake: span(p.Phases.Handshake),
			Wait: span(p.Phases.Wait), Read: span(p.Phases.Read), Total: span(p.Phases.Total),
		},
		Status: int32(p.Status), ResponseHeaders: p.ResponseHeaders, Response: p.Response, RequestHeaders: p.RequestHeaders, Body: body,
	}
}

func fromTLS(t *webhook.TLS) *v1.SendTestWebhookResponse_Tls {
	if t == nil {
		return nil
	}
	return &v1.SendTestWebhookResponse_Tls{
		Version: t.Version, CipherSuite: t.Cipher, Subject: t.Subject, Issuer: t.Issuer, ExpireTime: timestamp(t.Expires),
	}
}
