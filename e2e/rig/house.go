package rig

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	synchookclient "github.com/synchook/synchook/clients/go"
)

// AdminKey opens everything in a house.
const AdminKey = "the-admin-key-of-the-tests"

// HouseOptions say what a house stands on.
type HouseOptions struct {
	// Redis keeps the data. Nil: a [Redis] of the house's own.
	Redis Backend

	// Data makes the house one process, `synchook serve`, whose embedded Redis keeps its data in that
	// folder. Empty: servers and workers are processes of their own.
	Data string

	// Binary is the program that its processes run. Empty: the program under test.
	Binary string

	// Settings are further settings of every process, such as "SYNCHOOK_RUNS=2". The last of two that
	// say the same counts.
	Settings []string
}

// House is a Redis, a server and workers, each a process of its own.
type House struct {
	T      testing.TB
	Server *Process // the one that was started last
	Redis  *Redis   // nil when the house stands on something else

	backend   Backend
	options   HouseOptions
	key       string // encrypts secrets
	serverURL atomic.Value
}

// NewHouse starts a Redis, unless there is one, and a server. Workers are started by the tests.
func NewHouse(t testing.TB, o HouseOptions) *House {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	h := &House{T: t, options: o, key: base64.StdEncoding.EncodeToString(secret), backend: o.Redis}
	if h.backend == nil && o.Data == "" {
		h.backend = NewRedis(t)
	}
	h.Redis, _ = h.backend.(*Redis)
	h.StartServer()
	return h
}

// Backend returns what the house keeps its data in.
func (h *House) Backend() Backend { return h.backend }

// StartServer starts a server with further settings. From now on the house's URL is that server's.
func (h *House) StartServer(settings ...string) *Process {
	h.T.Helper()
	command := "server"
	if h.options.Data != "" {
		command = "serve"
	}
	h.Server = Start(h.T, command, append(h.Settings(), settings...), h.binary(), command)
	h.serverURL.Store(h.Server.WantReady())
	return h.Server
}

// StartWorker starts a worker with further settings, such as "SYNCHOOK_FAILPOINT=run.taken=kill".
func (h *House) StartWorker(settings ...string) *Process {
	h.T.Helper()
	w := Start(h.T, "worker", append(h.Settings(), settings...), h.binary(), "worker")
	w.WantReady()
	return w
}

func (h *House) binary() string { return cmp.Or(h.options.Binary, binary) }

// Settings are those of every process of the house, as environment variables.
func (h *House) Settings() []string {
	data := "SYNCHOOK_DATA=" + h.options.Data
	if h.options.Data == "" {
		data = "SYNCHOOK_REDIS_URL=" + h.backend.URL()
	}
	return append([]string{
		data,
		"SYNCHOOK_LISTEN=127.0.0.1:0",
		"SYNCHOOK_ADMIN_KEY=" + AdminKey,
		"SYNCHOOK_ENCRYPTION_KEY=" + h.key,
		"SYNCHOOK_ALLOW_ADDRESSES=127.0.0.0/8",
		"SYNCHOOK_POLL_INTERVAL=50ms",
	}, h.options.Settings...)
}

// Key is what encrypts the secrets that the house keeps.
func (h *House) Key() string { return h.key }

// URL returns where the server is now.
func (h *House) URL() string { return h.serverURL.Load().(string) }

// Address is the server's, without the scheme.
func (h *House) Address() string { return strings.TrimPrefix(h.URL(), "http://") }

// Client returns a client with a key, for the server that runs now.
func (h *House) Client(key string) *synchookclient.Client { return synchookclient.New(h.URL(), key) }

// Ready returns the status with which the server answers whether it can work; zero when it does not.
func (h *House) Ready() int {
	resp, err := http.Get(h.URL() + "/readyz")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// GetJSON reads a page of the admin's, and reports whether it could be read.
func (h *House) GetJSON(path string, into any) bool {
	req, err := http.NewRequestWithContext(h.T.Context(), http.MethodGet, h.URL()+path, nil)
	if err != nil {
		return false
	}
	req.SetBasicAuth("admin", AdminKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK && json.NewDecoder(resp.Body).Decode(into) == nil
}
