package app_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	synchookclient "github.com/synchook/synchook/clients/go"
	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/app"
	"github.com/synchook/synchook/internal/netguard"
	"github.com/synchook/synchook/internal/script"
)

// logBuffer is a log that all processes write to.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// lines returns the lines with that message.
func (b *logBuffer) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for text := range strings.Lines(b.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("the log has a line that is not JSON: %s", text)
		}
		if line["msg"] == message {
			found = append(found, line)
		}
	}
	return found
}

// world is the whole program, a server and a worker on one Redis, with an API, a receiver and a project.
type world struct {
	t              *testing.T
	log            *logBuffer
	options        app.Options // of the server
	server, worker *app.App
	admin, client  *synchookclient.Client
	project        *v1.Project
	key, signing   string
	api, receiver  *stand
}

// stand is a stand-in for somebody else's server, which keeps the headers that it was sent.
type stand struct {
	URL     string
	answer  http.HandlerFunc
	mu      sync.Mutex
	headers []http.Header
}

func newStand(t *testing.T, answer http.HandlerFunc) *stand {
	t.Helper()
	s := &stand{answer: answer}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// ServeHTTP implements http.Handler.
func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.headers = append(s.headers, r.Header.Clone())
	s.mu.Unlock()
	s.answer(w, r)
}

// sent returns a header of each request.
func (s *stand) sent(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, h := range s.headers {
		out = append(out, h.Get(name))
	}
	return out
}

// newWorld starts the processes, each with the changes.
func newWorld(t *testing.T, api, receiver http.HandlerFunc, change func(*app.Options)) *world {
	t.Helper()
	w := &world{t: t, log: new(logBuffer), api: newStand(t, api), receiver: newStand(t, receiver)}
	o := workerOptions(t, io.Discard)
	o.Log = slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.AllowAddresses, o.HealthListen = netguard.Loopback(), "127.0.0.1:0"
	change(&o)
	s := o
	s.Server, s.Worker = true, false
	w.options = s
	w.server, w.worker = start(t, s), start(t, o)
	w.admin = synchookclient.New(w.server.URL(), o.AdminKey)
	made, err := w.admin.Projects.CreateProject(t.Context(), &v1.CreateProjectRequest{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	w.project, w.key, w.signing = made.GetProject(), made.GetApiKey(), made.GetSigningSecret()
	w.client = synchookclient.New(w.server.URL(), w.key)
	return w
}

// setting changes the project's settings.
func (w *world) setting(set *v1.ProjectSettings, paths ...string) {
	w.t.Helper()
	_, err := w.client.Projects.UpdateProjectSettings(w.t.Context(), &v1.UpdateProjectSettingsRequest{
		Settings: set, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// integrate sets GitHub up at the stand-in, with that webhook secret and a sync of that code.
func (w *world) integrate(secret, code string) {
	w.t.Helper()
	_, err := w.client.Integrations.CreateIntegration(w.t.Context(), &v1.CreateIntegrationRequest{Integration: &v1.Integration{
		ProviderConfigKey: "github", Provider: "github", WebhookSecrets: []string{secret}, BaseUrl: w.api.URL,
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), "issues.ts")
	if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
		w.t.Fatal(err)
	}
	bundled, faults := script.Bundle(path)
	if len(faults) > 0 {
		w.t.Fatal(faults)
	}
	_, err = w.client.Syncs.DeploySyncs(w.t.Context(), &v1.DeploySyncsRequest{
		ProviderConfigKeys: []string{"github"},
		Syncs: []*v1.SyncDefinition{{
			ProviderConfigKey: "github", SyncName: "issues", Models: []string{"Issue"}, WebhookSubscriptions: []string{"*"},
			Code: bundled.Code, SourceMap: bundled.SourceMap,
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// connect makes the connection of an installation.
func (w *world) connect(name string, installation int, c *v1.Credentials) {
	w.t.Helper()
	config, err := structpb.NewStruct(map[string]any{"installation_id": installation})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.client.Connections.CreateConnection(w.t.Context(), &v1.CreateConnectionRequest{Connection: &v1.Connection{
		ProviderConfigKey: "github", ConnectionId: name, ConnectionConfig: config, Credentials: c,
	}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// push sends a webhook as GitHub does, and returns the answer's status.
func (w *world) push(secret, delivery, body string, header ...string) int {
	w.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	url := w.server.URL() + "/webhook/" + w.project.GetPublicId() + "/github"
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("X-GitHub-Event", "issues")
	r.Header.Set("X-GitHub-Delivery", delivery)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// until waits for what the processes do meanwhile.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			w.t.Fatalf("it is not so after a minute: %s; the log:\n%s", what, w.log)
		case <-tick.C:
		}
	}
}

// stop stops all processes: nothing is logged or sent after it.
func (w *world) stop() {
	w.worker.Stop()
	w.server.Stop()
}
