package server_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/server"
)

func signed(body string) http.Header {
	mac := hmac.New(sha256.New, []byte(githubSecret))
	mac.Write([]byte(body))
	h := http.Header{}
	h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	h.Set("X-GitHub-Event", "issues")
	h.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	return h
}

const issueBody = `{"action":"opened","installation":{"id":7}}`

// received is the answer to an incoming webhook.
type received struct {
	status int
	header http.Header
	text   string
	Event  string `json:"event_id"`
	Dup    bool   `json:"duplicate"`
	Runs   int    `json:"runs"`
	Reason string `json:"reason"`
	Error  struct{ Reason, Message, Help string }
}

func (w *world) send(method, path string, header http.Header, body io.Reader) received {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header = header
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	got := received{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &got); err != nil {
			w.t.Fatalf("%q: %v", text, err)
		}
	}
	return got
}

// ingest sends a webhook of GitHub's and returns its event.
func (w *world) ingest() string {
	w.t.Helper()
	got := w.send(http.MethodPost, "/webhook/"+w.public+"/github", signed(issueBody), strings.NewReader(issueBody))
	if got.status != http.StatusOK || got.Event == "" {
		w.t.Fatalf("ingesting: %+v", got)
	}
	return got.Event
}

func TestIncomingWebhooksAreAnsweredByTheirFate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	path := "/webhook/" + w.public + "/github"
	huge := strings.Repeat("x", 25<<20+1)
	tests := map[string]struct {
		method, path string
		header       http.Header
		body         io.Reader
		status       int
		reason       string
	}{
		"an unknown project":          {"POST", "/webhook/nobody/github", signed(issueBody), strings.NewReader(issueBody), 404, "webhook_url_not_found"},
		"an unknown integration":      {"POST", "/webhook/" + w.public + "/gitlab", signed(issueBody), strings.NewReader(issueBody), 404, "webhook_url_not_found"},
		"no integration":              {"POST", "/webhook/" + w.public + "/", signed(issueBody), strings.NewReader(issueBody), 404, "webhook_url_not_found"},
		"a GET":                       {"GET", path, http.Header{}, http.NoBody, 405, "method_not_allowed"},
		"no signature":                {"POST", path, http.Header{}, strings.NewReader(issueBody), 401, "no_signature"},
		"the signature of another":    {"POST", path, signed(issueBody + " "), strings.NewReader(issueBody), 401, "wrong_signature"},
		"a body that says it is huge": {"POST", path, signed(huge), strings.NewReader(huge), 413, "body_too_large"},
		"a body that is huge":         {"POST", path, signed(huge), io.MultiReader(strings.NewReader(huge)), 413, "body_too_large"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.send(tt.method, tt.path, tt.header, tt.body)
			if got.status != tt.status || got.Error.Message == "" || got.Error.Help == "" {
				t.Fatalf("status %d, body %s; want the status %d and an error", got.status, got.text, tt.status)
			}
			if got.Error.Reason != tt.reason && tt.status != 401 {
				t.Errorf("reason = %q, want %q", got.Error.Reason, tt.reason)
			}
			if tt.status == 405 && got.header.Get("Allow") != "POST" {
				t.Errorf("Allow = %q", got.header.Get("Allow"))
			}
		})
	}
}

func TestUnknownProjectsAndUnknownIntegrationsLookAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	project := w.send(http.MethodPost, "/webhook/nobody/github", signed(issueBody), strings.NewReader(issueBody))
	integration := w.send(http.MethodPost, "/webhook/"+w.public+"/github", signed(issueBody), strings.NewReader(issueBody))
	if project.text != integration.text || project.status != integration.status {
		t.Errorf("%s\ndiffers from\n%s", project.text, integration.text)
	}
}

func TestAnAcceptedWebhookIsAnEventOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	if _, err := w.client.Integrations.UpdateIntegration(t.Context(), &v1.UpdateIntegrationRequest{
		Integration: &v1.Integration{ProviderConfigKey: "github", Provider: "github", Match: &v1.Match{All: true}}, UpdateMask: mask("match"),
	}); err != nil {
		t.Fatal(err)
	}
	path := "/webhook/" + w.public + "/github"
	first := w.send(http.MethodPost, path, signed(issueBody), strings.NewReader(issueBody))
	second := w.send(http.MethodPost, path, signed(issueBody), strings.NewReader(issueBody))
	if first.status != 200 || first.Runs != 1 || first.Dup || first.Reason != "" {
		t.Errorf("first answer: %s", first.text)
	}
	if second.status != 200 || second.Event != first.Event || !second.Dup {
		t.Errorf("second answer: %s", second.text)
	}
	if w.queue.sent() == 0 {
		t.Error("no hint was sent")
	}
	runs, err := w.client.Runs.ListRuns(t.Context(), &v1.ListRunsRequest{EventId: first.Event})
	if err != nil || len(runs.GetRuns()) != 1 || runs.GetRuns()[0].GetTrigger() != v1.Trigger_TRIGGER_EVENT {
		t.Errorf("runs: %v, %v", runs, err)
	}
	for _, want := range []string{"outcome=matched", "outcome=duplicate", "event=" + first.Event} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestAPingOfGitHubIsAnEventThatOnlyGreets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	header := signed(issueBody)
	header.Set("X-GitHub-Event", "ping")
	got := w.send(http.MethodPost, "/webhook/"+w.public+"/github", header, strings.NewReader(issueBody))
	if got.status != 200 || !strings.Contains(got.text, `"event_id":"evt_`) || !strings.Contains(got.text, "hello") {
		t.Errorf("answer: %+v", got)
	}
}

func TestARefusedWebhookIsListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.send(http.MethodPost, "/webhook/"+w.public+"/github", http.Header{}, strings.NewReader(issueBody))
	list, err := w.client.Events.ListEvents(t.Context(), &v1.ListEventsRequest{ProviderConfigKey: "github"})
	if err != nil || len(list.GetRejected()) != 1 || len(list.GetEvents()) != 0 {
		t.Errorf("events: %v, %v", list, err)
	}
}

func TestIngestWebhookMeansTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	headers := map[string]string{}
	for name, values := range signed(issueBody) {
		headers[strings.ToLower(name)] = values[0]
	}
	request := &v1.IngestWebhookRequest{ProviderConfigKey: "github", Headers: headers, Body: []byte(issueBody)}
	res, err := w.client.Webhooks.IngestWebhook(t.Context(), request)
	if err != nil || res.GetReason() == "" {
		t.Fatalf("answer: %v, %v", res, err)
	}
	if got := w.ingest(); got != res.GetEventId() {
		t.Errorf("the same webhook by HTTP is the event %s, want %s", got, res.GetEventId())
	}
	request.Body = []byte("{}")
	wantCode(t, w.call(request), "unauthenticated")
	event, err := w.client.Events.GetEvent(t.Context(), &v1.GetEventRequest{Id: res.GetEventId()})
	if err != nil || !bytes.Equal(event.GetPayload(), []byte(issueBody)) || event.GetEvent().GetProviderConfigKey() != "github" {
		t.Errorf("event: %v, %v", event, err)
	}
	if _, ok := event.GetHeaders()["X-Hub-Signature-256"]; ok {
		t.Error("the event shows its signature")
	}
	replay, err := w.client.Events.ReplayEvent(t.Context(), &v1.ReplayEventRequest{Id: res.GetEventId()})
	if err != nil || replay.GetEvent().GetReplays() != 1 {
		t.Errorf("replay: %v, %v", replay, err)
	}
}

// fakeIntake answers as it is told.
type fakeIntake struct {
	server.Intake
	receive func(context.Context, intake.Incoming) (intake.Receipt, error)
}

// Receive implements server.Intake.
func (f fakeIntake) Receive(ctx context.Context, in intake.Incoming) (intake.Receipt, error) {
	return f.receive(ctx, in)
}

func TestAWebhookThatCannotBeStoredIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) {
		o.Intake = fakeIntake{receive: func(context.Context, intake.Incoming) (intake.Receipt, error) {
			return intake.Receipt{}, &synchook.Fault{Kind: synchook.KindUnavailable, Reason: "store_unavailable", Message: "m", Help: "h", Err: errors.New("the disk is full")}
		}}
	})
	w.setUp()
	got := w.send(http.MethodPost, "/webhook/"+w.public+"/github", signed(issueBody), strings.NewReader(issueBody))
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || strings.Contains(got.text, "disk") {
		t.Errorf("answer: %+v", got)
	}
	if !strings.Contains(w.log.String(), "the disk is full") {
		t.Error("the log does not say why")
	}
}

func TestProvidersSeeThePublicURLAndTheRawBody(t *testing.T) {
	t.Parallel()
	seen := make(chan intake.Incoming, 1)
	w := newWorld(t, func(o *server.Options) {
		o.PublicURL = "https://hooks.example.com/"
		o.Intake = fakeIntake{receive: func(_ context.Context, in intake.Incoming) (intake.Receipt, error) {
			seen <- in
			return intake.Receipt{Event: "evt_1"}, nil
		}}
	})
	w.setUp()
	header := signed("payload=%7B%7D")
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.send(http.MethodPost, "/webhook/"+w.public+"/github?a=b", header, strings.NewReader("payload=%7B%7D"))
	in := <-seen
	if want := "https://hooks.example.com/webhook/" + w.public + "/github?a=b"; in.Request.URL != want {
		t.Errorf("URL = %s, want %s", in.Request.URL, want)
	}
	if string(in.Request.Body) != "payload=%7B%7D" || in.Project != w.project {
		t.Errorf("incoming = %+v", in)
	}
	got, err := w.client.Integrations.GetIntegration(t.Context(), &v1.GetIntegrationRequest{ProviderConfigKey: "github"})
	if err != nil || got.GetWebhookUrl() != "https://hooks.example.com"+got.GetWebhookPath() || got.GetWebhookPath() != "/webhook/"+w.public+"/github" {
		t.Errorf("integration: %v, %v", got, err)
	}
}

func TestAHandshakesReplyIsTheProvidersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) {
		o.Intake = fakeIntake{receive: func(context.Context, intake.Incoming) (intake.Receipt, error) {
			return intake.Receipt{Reply: &provider.Reply{Status: 202, ContentType: "text/plain", Body: []byte("challenge")}}, nil
		}}
	})
	w.setUp()
	got := w.send(http.MethodPost, "/webhook/"+w.public+"/github", signed(issueBody), strings.NewReader(issueBody))
	if got.status != 202 || got.text != "challenge" || got.header.Get("Content-Type") != "text/plain" {
		t.Errorf("answer: %+v", got)
	}
}

func TestAPanicOfAProvidersCodeIsOurFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *server.Options) {
		o.Intake = fakeIntake{receive: func(context.Context, intake.Incoming) (intake.Receipt, error) { panic("the secret is 42") }}
	})
	w.setUp()
	got := w.send(http.MethodPost, "/webhook/"+w.public+"/github", signed(issueBody), strings.NewReader(issueBody))
	if got.status != 500 || got.Error.Message != "internal error" || strings.Contains(got.text, "42") {
		t.Errorf("answer: %+v", got)
	}
	if !strings.Contains(w.log.String(), "the secret is 42") {
		t.Error("the log does not say what happened")
	}
}

func TestAConnectionAndItsIntegrationTellWhatCameLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	look := func() (*v1.Integration, *v1.Connection) {
		in, err := w.client.Integrations.GetIntegration(t.Context(), &v1.GetIntegrationRequest{ProviderConfigKey: "github"})
		if err != nil {
			t.Fatal(err)
		}
		con, err := w.client.Connections.GetConnection(t.Context(), &v1.GetConnectionRequest{ProviderConfigKey: "github", ConnectionId: "user-1"})
		if err != nil {
			t.Fatal(err)
		}
		return in, con
	}
	if in, con := look(); in.LastEventTime != nil || con.LastEventTime != nil || con.LastRunId != "" || con.LastRunTime != nil || con.RefusedTime != nil {
		t.Fatalf("before anything came: %v, %v", in, con)
	}
	w.ingest() // of an account that is no connection's
	if in, con := look(); in.LastEventTime == nil || con.LastEventTime != nil {
		t.Errorf("an event of nobody's came at %v, for the connection at %v", in.LastEventTime, con.LastEventTime)
	}
	config, err := structpb.NewStruct(map[string]any{"installation_id": 8})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client.Connections.UpdateConnection(t.Context(), &v1.UpdateConnectionRequest{
		Connection: &v1.Connection{ProviderConfigKey: "github", ConnectionId: "user-1", ConnectionConfig: config},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"connection_config"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const theirs = `{"action":"opened","installation":{"id":8}}`
	header := signed(theirs)
	header.Set("X-Github-Delivery", "another")
	if got := w.send(http.MethodPost, "/webhook/"+w.public+"/github", header, strings.NewReader(theirs)); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	in, con := look()
	if in.LastEventTime == nil || !in.LastEventTime.AsTime().Equal(con.GetLastEventTime().AsTime()) {
		t.Errorf("an event came at %v, for the connection at %v", in.LastEventTime, con.LastEventTime)
	}
	id := w.trigger()
	w.work(id, synchook.RunFailed)
	if _, con := look(); con.LastRunId != string(id) || con.LastRunState != v1.RunState_RUN_STATE_FAILED || con.LastRunTime == nil {
		t.Errorf("after run %s failed: %v", id, con)
	}
}
