package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

const adminKey = "the-admin-key-of-the-tests"

// house is a Redis, a server and workers, each a process of its own.
type house struct {
	t         *testing.T
	dir       string
	key       string // encrypts secrets
	redis     *process
	server    *process
	serverURL atomic.Value
}

// newHouse starts a Redis and a server. Workers are started by the tests.
func newHouse(t *testing.T) *house {
	t.Helper()
	dir, err := os.MkdirTemp("", "synchook-e2e-") //nolint:usetesting // the path of a socket must be shorter than t.TempDir's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	h := &house{t: t, dir: dir, key: base64.StdEncoding.EncodeToString(secret)}
	h.startRedis()
	h.startServer()
	return h
}

// startRedis starts a Redis that keeps what it acknowledged, on the data that a former one left.
func (h *house) startRedis() {
	h.t.Helper()
	h.redis = start(h.t, "redis", nil, "redis-server", "--port", "0", "--unixsocket", h.socket(), "--dir", h.dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
}

func (h *house) socket() string { return filepath.Join(h.dir, "redis.sock") }

// startServer starts a server, in the place of a former one.
func (h *house) startServer() {
	h.t.Helper()
	h.server = start(h.t, "server", h.settings(), binary, "server")
	h.serverURL.Store(h.server.wantReady(h.t))
}

// startWorker starts a worker with further settings, such as "SYNCHOOK_FAILPOINT=run.taken=kill".
func (h *house) startWorker(settings ...string) *process {
	h.t.Helper()
	w := start(h.t, "worker", append(h.settings(), settings...), binary, "worker")
	w.wantReady(h.t)
	return w
}

func (h *house) settings() []string {
	return []string{
		"SYNCHOOK_REDIS_URL=unix://" + h.socket(),
		"SYNCHOOK_LISTEN=127.0.0.1:0",
		"SYNCHOOK_ADMIN_KEY=" + adminKey,
		"SYNCHOOK_ENCRYPTION_KEY=" + h.key,
		"SYNCHOOK_ALLOW_ADDRESSES=127.0.0.0/8",
		"SYNCHOOK_POLL_INTERVAL=50ms",
	}
}

// url returns where the server is now.
func (h *house) url() string { return h.serverURL.Load().(string) }

// client returns a client with a key, for the server that runs now.
func (h *house) client(key string) *synchookclient.Client { return synchookclient.New(h.url(), key) }

// ready returns the status with which the server answers whether it can work.
func (h *house) ready() int {
	resp, err := http.Get(h.url() + "/readyz")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// project is a project with a GitHub, connections there, a sync and a receiver.
type project struct {
	house       *house
	id          string
	publicID    string
	key         string
	connections []string
	github      *GitHub
	receiver    *Receiver
}

// newProject sets a project up as its owner does: by the API and by `synchook deploy`.
func (h *house) newProject(name string, connections ...string) *project {
	t, ctx := h.t, h.t.Context()
	t.Helper()
	created, err := h.client(adminKey).Projects.CreateProject(ctx, &synchookv1.CreateProjectRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	p := &project{house: h, id: created.GetProject().GetId(), publicID: created.GetProject().GetPublicId(), key: created.GetApiKey(), connections: connections}
	p.github, p.receiver = newGitHub(t), newReceiver(t, created.GetSigningSecret())
	_, err = p.client().Integrations.CreateIntegration(ctx, &synchookv1.CreateIntegrationRequest{Integration: &synchookv1.Integration{
		ProviderConfigKey: "github", Provider: "github", WebhookSecrets: []string{p.github.secret}, BaseUrl: p.github.server.URL,
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range connections {
		p.connect(c, i+1)
	}
	p.set(&synchookv1.ProjectSettings{WebhookUrl: p.receiver.server.URL}, "webhook_url")
	p.deploy()
	return p
}

func (p *project) client() *synchookclient.Client { return p.house.client(p.key) }

// connect makes a connection that stands for an installation at GitHub.
func (p *project) connect(connection string, installation int) {
	t := p.house.t
	t.Helper()
	config, err := structpb.NewStruct(map[string]any{"installation_id": installation})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.client().Connections.CreateConnection(t.Context(), &synchookv1.CreateConnectionRequest{Connection: &synchookv1.Connection{
		ProviderConfigKey: "github", ConnectionId: connection, ConnectionConfig: config,
		Credentials: &synchookv1.Credentials{Kind: &synchookv1.Credentials_BearerToken{BearerToken: p.github.token}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// set changes the project's settings.
func (p *project) set(settings *synchookv1.ProjectSettings, mask ...string) {
	t := p.house.t
	t.Helper()
	_, err := p.client().Projects.UpdateProjectSettings(t.Context(), &synchookv1.UpdateProjectSettingsRequest{
		Settings: settings, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// deploy deploys the tests' sync by the command.
func (p *project) deploy() {
	t := p.house.t
	t.Helper()
	d := start(t, "deploy", []string{"SYNCHOOK_API_KEY=" + p.key}, binary, "deploy", "testdata/tally", "--url", p.house.url())
	d.wantEnd(t, 30*time.Second)
	if d.err != nil {
		t.Fatalf("deploying: %v\n%s", d.err, d.out.tail(20))
	}
}

// webhookURL is where the project's GitHub sends its webhooks.
func (p *project) webhookURL() string {
	return fmt.Sprintf("%s/webhook/%s/github", p.house.url(), p.publicID)
}
