package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/netguard"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
	"github.com/synchook/synchook/server"
)

// fakeProber sends nothing.
type fakeProber struct{}

func (fakeProber) Probe(context.Context, webhook.Message) webhook.Probe {
	return webhook.Probe{Attempt: webhook.Attempt{Verdict: webhook.Verdict{Outcome: webhook.Retry, Reason: "was not called by a test"}}}
}

func (w *world) addEndpoint(e *v1.Endpoint) *v1.CreateEndpointResponse {
	w.t.Helper()
	res, err := w.client.Endpoints.CreateEndpoint(w.t.Context(), &v1.CreateEndpointRequest{Endpoint: e})
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) endpoint(id string) *v1.Endpoint {
	w.t.Helper()
	e, err := w.client.Endpoints.GetEndpoint(w.t.Context(), &v1.GetEndpointRequest{Id: id})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// firstEndpoint returns the ID of the endpoint of the project's settings.
func (w *world) firstEndpoint() string {
	w.t.Helper()
	p, err := w.store.Project(w.t.Context(), w.project)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(p.Endpoint)
}

// ownURL gives the connection "user-1" a URL of its own, or takes it away.
func (w *world) ownURL(url string) *v1.Connection {
	w.t.Helper()
	con, err := w.client.Connections.UpdateConnection(w.t.Context(), &v1.UpdateConnectionRequest{
		Connection: &v1.Connection{ProviderConfigKey: "github", ConnectionId: "user-1", WebhookUrl: url}, UpdateMask: mask("webhook_url"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return con
}

func TestAnEndpointIsKeptAsItWasSetAndShowsItsSecretOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.addEndpoint(&v1.Endpoint{
		Name: "audit", Url: "https://two.example/hook", Headers: map[string]string{"X-Key": "of-the-receiver"},
		Filter:              &v1.EndpointFilter{ProviderConfigKeys: []string{"github"}, Models: []string{"Issue"}},
		OperationalWebhooks: []v1.OperationalType{v1.OperationalType_OPERATIONAL_TYPE_SYNC_FAILED},
		RateLimit:           2.5, RateBurst: 4, MinInterval: seconds(30), Coalesce: true,
	})
	if !strings.HasPrefix(made.GetSigningSecret(), "whsec_") {
		t.Errorf("the secret is %q", made.GetSigningSecret())
	}
	e := w.endpoint(made.GetEndpoint().GetId())
	if e.GetName() != "audit" || e.GetUrl() != "https://two.example/hook" || e.GetKind() != v1.EndpointKind_ENDPOINT_KIND_FURTHER ||
		e.GetFilter().GetModels()[0] != "Issue" || len(e.GetOperationalWebhooks()) != 1 || e.GetRateLimit() != 2.5 || e.GetRateBurst() != 4 ||
		e.GetMinInterval().AsDuration() != seconds(30).AsDuration() || !e.GetCoalesce() || e.GetCreateTime() == nil || e.GetEtag() == "" {
		t.Errorf("the endpoint is %v", e)
	}
	if value, named := e.GetHeaders()["X-Key"]; value != "" || !named {
		t.Errorf("its headers are %v", e.GetHeaders())
	}
	shown := string(w.json("EndpointService/ListEndpoints", "{}", w.key).body)
	for _, secret := range []string{made.GetSigningSecret(), "of-the-receiver"} {
		if strings.Contains(shown, secret) || strings.Contains(w.log.String(), secret) {
			t.Errorf("the API or the log shows %q", secret)
		}
	}
}

func TestEndpointsOfEachKindAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.settings(&v1.ProjectSettings{WebhookUrl: "https://one.example", WebhookRateLimit: 7}, "webhook_url", "webhook_rate_limit")
	further := w.addEndpoint(&v1.Endpoint{Url: "https://two.example"}).GetEndpoint().GetId()
	own := w.ownURL("https://three.example").GetEndpointId()
	list, err := w.client.Endpoints.ListEndpoints(t.Context(), &v1.ListEndpointsRequest{})
	if err != nil || len(list.GetEndpoints()) != 3 {
		t.Fatalf("listed: %v, %v", list, err)
	}
	for i, want := range []struct {
		id, url string
		kind    v1.EndpointKind
	}{
		{w.firstEndpoint(), "https://one.example", v1.EndpointKind_ENDPOINT_KIND_PROJECT},
		{further, "https://two.example", v1.EndpointKind_ENDPOINT_KIND_FURTHER},
		{own, "https://three.example", v1.EndpointKind_ENDPOINT_KIND_CONNECTION},
	} {
		if e := list.GetEndpoints()[i]; e.GetId() != want.id || e.GetUrl() != want.url || e.GetKind() != want.kind {
			t.Errorf("endpoint %d is %v, want %v", i, e, want)
		}
	}
	if e := list.GetEndpoints()[2]; e.GetConnectionId() != "user-1" || e.GetProviderConfigKey() != "github" || e.GetRateLimit() != 7 {
		t.Errorf("the connection's endpoint is %v", e)
	}
}

func TestAnUpdateOfAnEndpointChangesWhatItsMaskNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.addEndpoint(&v1.Endpoint{Name: "audit", Url: "https://two.example", Filter: &v1.EndpointFilter{NoSyncs: true}}).GetEndpoint()
	update := func(e *v1.Endpoint, paths ...string) answer {
		e.Id = old.GetId()
		return w.call(&v1.UpdateEndpointRequest{Endpoint: e, UpdateMask: mask(paths...)})
	}
	wantCode(t, update(&v1.Endpoint{Url: "https://three.example", Etag: old.GetEtag()}, "url", "filter"), "ok")
	e := w.endpoint(old.GetId())
	if e.GetUrl() != "https://three.example" || e.GetFilter() != nil || e.GetName() != "audit" || e.GetEtag() == old.GetEtag() {
		t.Errorf("the endpoint is %v", e)
	}
	got := update(&v1.Endpoint{Name: "late", Etag: old.GetEtag()}, "name")
	if got.code != "aborted" || got.problem.GetReason() != "etag_mismatch" || !slices.Equal(got.violations, []string{"endpoint.etag"}) {
		t.Errorf("an update of what has changed: %+v", got)
	}
	if got := update(&v1.Endpoint{}, "url"); !slices.Equal(got.violations, []string{"endpoint.url"}) {
		t.Errorf("taking the URL away: %+v", got)
	}
}

func TestEndpointsThatAreSetElsewhereSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	for id, where := range map[string]string{
		w.firstEndpoint(): "UpdateProjectSettings", w.ownURL("https://own.example").GetEndpointId(): "UpdateConnection",
	} {
		for name, got := range map[string]answer{
			"endpoint.id": w.call(&v1.UpdateEndpointRequest{Endpoint: &v1.Endpoint{Id: id, Name: "x"}, UpdateMask: mask("name")}),
			"id":          w.call(&v1.DeleteEndpointRequest{Id: id}),
		} {
			if got.code != "invalid_argument" || !slices.Equal(got.violations, []string{name}) {
				t.Errorf("changing an endpoint that %s changes: %+v", where, got)
			}
		}
		wantCode(t, w.call(&v1.RotateEndpointSecretRequest{Id: id}), "invalid_argument")
	}
	wantCode(t, w.call(&v1.DeleteEndpointRequest{Id: "end_none"}), "not_found")
}

func TestADeletedEndpointIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.addEndpoint(&v1.Endpoint{Url: "https://two.example"}).GetEndpoint().GetId()
	wantCode(t, w.call(&v1.DeleteEndpointRequest{Id: id}), "ok")
	wantCode(t, w.call(&v1.GetEndpointRequest{Id: id}), "not_found")
	wantCode(t, w.call(&v1.SendTestWebhookRequest{EndpointId: id}), "not_found")
}

func TestAFormerSecretSignsUntilTheOverlapEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.addEndpoint(&v1.Endpoint{Url: "https://two.example"})
	id := made.GetEndpoint().GetId()
	rotate := func(r *v1.RotateEndpointSecretRequest) *v1.RotateEndpointSecretResponse {
		r.Id = id
		res, err := w.client.Endpoints.RotateEndpointSecret(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	second := rotate(&v1.RotateEndpointSecretRequest{})
	secrets, err := w.store.EndpointSecrets(t.Context(), w.project, synchook.EndpointID(id))
	if err != nil || len(secrets) != 2 || secrets[0].Text != second.GetSigningSecret() || secrets[1].Text != made.GetSigningSecret() ||
		!secrets[1].Expires.Equal(second.GetFormerSecretExpireTime().AsTime()) {
		t.Errorf("the secrets are %v, %v", secrets, err)
	}
	third := rotate(&v1.RotateEndpointSecretRequest{Overlap: seconds(0)})
	secrets, err = w.store.EndpointSecrets(t.Context(), w.project, synchook.EndpointID(id))
	if err != nil || len(secrets) != 1 || secrets[0].Text != third.GetSigningSecret() || third.GetFormerSecretExpireTime() != nil {
		t.Errorf("without an overlap, the secrets are %v, %v", secrets, err)
	}
}

func TestATestWebhookIsSignedAndToldAllAbout(t *testing.T) {
	t.Parallel()
	transport := netguard.New(netguard.Options{Allow: netguard.Loopback()}).Transport()
	t.Cleanup(transport.CloseIdleConnections)
	w := newWorld(t, func(o *server.Options) {
		o.AllowPrivateURLs, o.Prober = true, webhook.NewSender(webhook.Options{Transport: transport, UserAgent: "synchook/1.2.3"})
	})
	received := make(chan *http.Request, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		received <- r
		rw.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(rw, "short and stout, of-the-receiver")
	}))
	t.Cleanup(receiver.Close)
	made := w.addEndpoint(&v1.Endpoint{Url: receiver.URL + "/hook", Headers: map[string]string{"X-Key": "of-the-receiver"}})
	res, err := w.client.Endpoints.SendTestWebhook(t.Context(), &v1.SendTestWebhookRequest{EndpointId: made.GetEndpoint().GetId()})
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := standardwebhooks.NewWebhook(made.GetSigningSecret())
	if err != nil {
		t.Fatal(err)
	}
	request := <-received
	body, _ := io.ReadAll(request.Body)
	if err := oracle.Verify(body, request.Header); err != nil || string(body) != string(res.GetBody()) || request.Header.Get("X-Key") != "of-the-receiver" {
		t.Errorf("received %s with %v: %v", body, request.Header, err)
	}
	if res.GetSuccess() || res.GetStatus() != 418 || !strings.HasPrefix(res.GetReason(), "the endpoint answered 418 I'm a teapot") ||
		string(res.GetResponse()) != "short and stout, [redacted]" || res.GetAddress() != receiver.Listener.Addr().String() || res.GetTls() != nil {
		t.Errorf("told: %v", res)
	}
	if p := res.GetPhases(); p.GetConnect() == nil || p.GetWait() == nil || p.GetTotal() == nil || p.GetNameLookup() != nil || p.GetTlsHandshake() != nil {
		t.Errorf("the phases are %v", p)
	}
	if h := res.GetRequestHeaders(); h["X-Key"] != "" || h["User-Agent"] != "synchook/1.2.3" || h["Webhook-Id"] != request.Header.Get("webhook-id") {
		t.Errorf("the headers shown are %v", h)
	}
}

func TestATestNeedsAURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(&v1.SendTestWebhookRequest{})
	if got.code != "failed_precondition" || got.problem.GetReason() != "endpoint_without_url" {
		t.Errorf("a test without a URL: %+v", got)
	}
	w.settings(&v1.ProjectSettings{WebhookUrl: "https://one.example"}, "webhook_url")
	wantCode(t, w.call(&v1.SendTestWebhookRequest{}), "ok")
}

func TestAConnectionsOwnURLComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	con, err := w.client.Connections.CreateConnection(t.Context(), &v1.CreateConnectionRequest{
		Connection: &v1.Connection{ProviderConfigKey: "github", ConnectionId: "user-2", WebhookUrl: "https://two.example"},
	})
	if err != nil || con.GetWebhookUrl() != "https://two.example" || w.endpoint(con.GetEndpointId()).GetUrl() != "https://two.example" {
		t.Errorf("the connection is %v, %v", con, err)
	}
	set := w.ownURL("https://own.example")
	if set.GetWebhookUrl() != "https://own.example" || set.GetEndpointId() == "" {
		t.Errorf("the connection is %v", set)
	}
	if cleared := w.ownURL(""); cleared.GetWebhookUrl() != "" || cleared.GetEndpointId() != "" {
		t.Errorf("without a URL, the connection is %v", cleared)
	}
}
