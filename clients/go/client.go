// Package synchookclient is the Go client of synchook: typed calls to its API, and verification of
// the webhooks that it sends.
//
// A [Client] has one field for each service of the contract, and each field one method for each RPC:
//
//	client := synchookclient.New("http://localhost:8080", os.Getenv("SYNCHOOK_API_KEY"))
//	project, err := client.Projects.GetProject(ctx, &synchookv1.GetProjectRequest{})
//
// Errors are those of package connect. [ProblemOf] reads what synchook says in one: the kind, a reason for programs,
// what to do, and what is wrong with which fields. [All] lists page after page. [VerifyRequest] and [RequireWebhook]
// receive webhooks.
package synchookclient

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
)

// Client has one typed client for each service of synchook. It is safe for concurrent use. Make it
// with [New]: the zero value has no services.
type Client struct {
	// Projects manages projects and their settings.
	Projects synchookv1connect.ProjectServiceClient
	// APIKeys manages the project's API keys.
	APIKeys synchookv1connect.APIKeyServiceClient
	// Integrations manages the providers that are set up in the project.
	Integrations synchookv1connect.IntegrationServiceClient
	// Connections manages the customers' authorised accounts.
	Connections synchookv1connect.ConnectionServiceClient
	// Syncs deploys sync scripts and triggers, pauses and starts them.
	Syncs synchookv1connect.SyncServiceClient
	// Runs shows the executions of syncs, cancels and retries them.
	Runs synchookv1connect.RunServiceClient
	// Events shows the verified incoming webhooks and replays them.
	Events synchookv1connect.EventServiceClient
	// Webhooks takes incoming webhooks that were received elsewhere.
	Webhooks synchookv1connect.WebhookServiceClient
	// Deliveries shows, watches and retries the outgoing webhooks.
	Deliveries synchookv1connect.DeliveryServiceClient
	// Endpoints manages the URLs that get webhooks, pauses and resumes them, and sends tests.
	Endpoints synchookv1connect.EndpointServiceClient
	// Recoveries attempts many deliveries again that were given up.
	Recoveries synchookv1connect.RecoveryServiceClient
	// Records reads the records that syncs saved.
	Records synchookv1connect.RecordServiceClient
}

// Option changes how [New] makes a client.
type Option func(*settings)

type settings struct {
	httpClient connect.HTTPClient
	project    string
}

// WithHTTPClient makes requests with client instead of [http.DefaultClient]. A timeout of the client
// ends watched streams too: give unary calls a context with a deadline instead.
func WithHTTPClient(client connect.HTTPClient) Option {
	return func(s *settings) { s.httpClient = client }
}

// WithProject names the project ("prj_...") that calls with the admin key are about. An API key names
// its project itself and needs no such option.
func WithProject(id string) Option {
	return func(s *settings) { s.project = id }
}

// New returns the clients of all services at baseURL, such as "http://localhost:8080". They call
// with apiKey: a project's API key ("sk_...") or the admin key. New itself makes no request, so a
// wrong URL or key is reported by the first call.
func New(baseURL, apiKey string, opts ...Option) *Client {
	s := settings{httpClient: http.DefaultClient}
	for _, opt := range opts {
		opt(&s)
	}
	identify := connect.WithInterceptors(identity{apiKey: apiKey, project: s.project})
	return &Client{
		Projects:     synchookv1connect.NewProjectServiceClient(s.httpClient, baseURL, identify),
		APIKeys:      synchookv1connect.NewAPIKeyServiceClient(s.httpClient, baseURL, identify),
		Integrations: synchookv1connect.NewIntegrationServiceClient(s.httpClient, baseURL, identify),
		Connections:  synchookv1connect.NewConnectionServiceClient(s.httpClient, baseURL, identify),
		Syncs:        synchookv1connect.NewSyncServiceClient(s.httpClient, baseURL, identify),
		Runs:         synchookv1connect.NewRunServiceClient(s.httpClient, baseURL, identify),
		Events:       synchookv1connect.NewEventServiceClient(s.httpClient, baseURL, identify),
		Webhooks:     synchookv1connect.NewWebhookServiceClient(s.httpClient, baseURL, identify),
		Deliveries:   synchookv1connect.NewDeliveryServiceClient(s.httpClient, baseURL, identify),
		Endpoints:    synchookv1connect.NewEndpointServiceClient(s.httpClient, baseURL, identify),
		Recoveries:   synchookv1connect.NewRecoveryServiceClient(s.httpClient, baseURL, identify),
		Records:      synchookv1connect.NewRecordServiceClient(s.httpClient, baseURL, identify),
	}
}

// identity is the interceptor that says in each request who calls, and about which project.
type identity struct {
	apiKey  string
	project string
}

func (i identity) write(header http.Header) {
	header.Set("Authorization", "Bearer "+i.apiKey)
	if i.project != "" {
		header.Set("Synchook-Project", i.project)
	}
}

// WrapUnary implements [connect.Interceptor].
func (i identity) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		i.write(req.Header())
		return next(ctx, req)
	}
}

// WrapStreamingClient implements [connect.Interceptor].
func (i identity) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		i.write(conn.RequestHeader())
		return conn
	}
}

// WrapStreamingHandler implements [connect.Interceptor]. A client handles no streams.
func (i identity) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
