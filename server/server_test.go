package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	synchookclient "github.com/synchook/synchook/clients/go"
	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/server"
)

const adminKey = "admin-key-of-the-tests"

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/synchook/synchook/internal/storetest.launch.func1"))
}

// world is a server on a real Redis, with a project and a key that may do everything.
type world struct {
	t       *testing.T
	url     string
	server  *server.Server
	http    *http.Server
	store   *store.Store
	queue   *fakeQueue
	log     *logBuffer
	project synchook.ProjectID
	public  string
	key     string
	client  *synchookclient.Client
	token   string // of who takes deliveries

	sessions map[string]*http.Cookie // by key: those of a browser, which is what calls then; nil: a key's own calls
}

func newWorld(t *testing.T, change ...func(*server.Options)) *world {
	t.Helper()
	w := &world{t: t, store: storetest.New(t), queue: new(fakeQueue), log: new(logBuffer)}
	w.server = w.newServer(append([]func(*server.Options){func(o *server.Options) { o.AdminKey = adminKey }}, change...)...)
	w.serve()
	w.project, w.public, w.key = w.newProject()
	w.client = w.as(w.key)
	return w
}

// newServer makes a server on the world's store.
func (w *world) newServer(change ...func(*server.Options)) *server.Server {
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := server.Options{
		Store: w.store, Queue: w.queue, Prober: fakeProber{}, Log: log, Version: "1.2.3",
		Intake: &intake.Intake{Store: w.store, Queue: w.queue, Log: log, Now: time.Now},
	}
	for _, c := range change {
		c(&o)
	}
	return server.New(o)
}

// serve listens as the program does, but for the changes.
func (w *world) serve(change ...func(*http.Server)) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.http, w.url = w.server.HTTPServer(""), "http://"+listener.Addr().String()
	for _, c := range change {
		c(w.http)
	}
	h, done := w.http, make(chan error, 1)
	go func() { done <- h.Serve(listener) }()
	w.t.Cleanup(func() {
		if err := h.Shutdown(context.Background()); err != nil {
			w.t.Errorf("stopping the server: %v", err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			w.t.Errorf("serving: %v", err)
		}
		if err := w.server.Close(); err != nil {
			w.t.Errorf("closing the server: %v", err)
		}
	})
}

// newProject makes a project by the API, and returns its ID, its public ID and its first key.
func (w *world) newProject() (synchook.ProjectID, string, string) {
	w.t.Helper()
	res, err := w.as(adminKey).Projects.CreateProject(w.t.Context(), &v1.CreateProjectRequest{Name: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	return synchook.ProjectID(res.GetProject().GetId()), res.GetProject().GetPublicId(), res.GetApiKey()
}

// keyWith makes a key of the project with these scopes.
func (w *world) keyWith(scopes ...v1.Scope) string {
	w.t.Helper()
	res, err := w.client.APIKeys.CreateAPIKey(w.t.Context(), &v1.CreateAPIKeyRequest{Name: "narrow", Scopes: scopes})
	if err != nil {
		w.t.Fatal(err)
	}
	return res.GetSecret()
}

// as returns a client with that key.
func (w *world) as(key string, options ...synchookclient.Option) *synchookclient.Client {
	transport := &http.Transport{}
	w.t.Cleanup(transport.CloseIdleConnections)
	options = append([]synchookclient.Option{synchookclient.WithHTTPClient(&http.Client{Transport: transport})}, options...)
	return synchookclient.New(w.url, key, options...)
}

// h2c returns an HTTP client that speaks HTTP/2 without TLS, as gRPC needs it.
func h2c(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

const githubSecret = "githubs-own-secret"

// setUp makes an integration "github", a sync "issues" of model "Issue", and a connection "user-1".
func (w *world) setUp() {
	w.t.Helper()
	ctx := w.t.Context()
	if _, err := w.client.Integrations.CreateIntegration(ctx, &v1.CreateIntegrationRequest{Integration: githubIntegration()}); err != nil {
		w.t.Fatal(err)
	}
	w.deploy(definition("issues", "Issue"))
	w.connect("user-1")
}

func githubIntegration() *v1.Integration {
	return &v1.Integration{ProviderConfigKey: "github", Provider: "github", WebhookSecrets: []string{githubSecret}}
}

func definition(name string, models ...string) *v1.SyncDefinition {
	return &v1.SyncDefinition{
		ProviderConfigKey: "github", SyncName: name, Models: models, WebhookSubscriptions: []string{"issues"}, AutoStart: true,
		Code: "exports.default = async () => {}",
	}
}

func (w *world) deploy(syncs ...*v1.SyncDefinition) *v1.DeploySyncsResponse {
	w.t.Helper()
	res, err := w.client.Syncs.DeploySyncs(w.t.Context(), &v1.DeploySyncsRequest{Syncs: syncs, ProviderConfigKeys: []string{"github"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func (w *world) connect(name string) {
	w.t.Helper()
	_, err := w.client.Connections.CreateConnection(w.t.Context(), &v1.CreateConnectionRequest{
		Connection: &v1.Connection{ProviderConfigKey: "github", ConnectionId: name},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// trigger queues a manual run of "issues" for "user-1".
func (w *world) trigger() synchook.RunID {
	w.t.Helper()
	res, err := w.client.Syncs.TriggerSync(w.t.Context(), &v1.TriggerSyncRequest{
		ProviderConfigKey: "github", SyncName: "issues", ConnectionId: "user-1",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return synchook.RunID(res.GetRunIds()[0])
}

// work does what a worker does with a run: it saves the records, ends the run in that state, and makes
// the delivery that is owed.
func (w *world) work(id synchook.RunID, state synchook.RunState, records ...store.RecordWrite) synchook.DeliveryID {
	w.t.Helper()
	ctx := w.t.Context()
	run := w.run(id)
	turn := store.Turn{Lane: run.Lane(), Token: "test-" + string(id), Number: 1, Want: 1, Limit: 1, Leave: store.Stay}
	taken, err := w.store.TurnRuns(ctx, w.project, turn, nil)
	if err != nil || len(taken.Rows) != 1 {
		w.t.Fatalf("taking the run: %v, %+v", err, taken)
	}
	sy, err := w.store.Sync(ctx, w.project, run.Integration, run.Sync)
	if err != nil {
		w.t.Fatal(err)
	}
	writer := store.Writer{Project: w.project, Connection: run.Connection, Run: id, Lane: run.Lane().Kind(), Fence: taken.Fence}
	opened, err := w.store.OpenRun(ctx, writer)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.SaveBatch(ctx, writer, sy.Models[0].ID, records); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.store.SealRun(ctx, writer, store.Ending{State: state}); err != nil {
		w.t.Fatal(err)
	}
	p, err := w.store.Project(ctx, w.project)
	if err != nil {
		w.t.Fatal(err)
	}
	done := taken.Rows[0]
	done.State, done.Started = state, opened.Started
	done.Counts = map[string]synchook.Counts{sy.Models[0].Name: {Added: int64(len(records))}}
	delivery := synchook.Delivery{
		ID: synchook.SyncDeliveryID(id, sy.Models[0].Name, p.Endpoint), Body: []byte(`{}`),
		DeliveryFacts: synchook.DeliveryFacts{
			Endpoint: p.Endpoint, Run: id, Integration: run.Integration, Connection: run.Connection, Sync: run.Sync, Model: sy.Models[0].Name,
		},
	}
	turn.Number, turn.Want, turn.Leave = 2, 0, store.LeaveNow
	_, err = w.store.TurnRuns(ctx, w.project, turn, []store.RunDone{{Run: done, Deliveries: []synchook.Delivery{delivery}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return delivery.ID
}

func (w *world) run(id synchook.RunID) synchook.Run {
	w.t.Helper()
	run, err := w.store.Run(w.t.Context(), w.project, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// fakeQueue remembers the hints, or fails.
type fakeQueue struct {
	mu    sync.Mutex
	hints []synchook.Hint
	err   error
}

// Send implements server.Queue.
func (q *fakeQueue) Send(_ context.Context, hints ...synchook.Hint) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hints = append(q.hints, hints...)
	return q.err
}

func (q *fakeQueue) sent() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.hints)
}

// logBuffer keeps what is logged.
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

// String returns all that was logged.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
