package worker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// logFlush is after how many lines, or how long, the lines of a run's log are stored.
const (
	logFlushLines = 100
	logFlushTime  = time.Second
)

// host is what a run can do in the world: it gives a script the proxy and the store.
type host struct {
	store       Store
	proxy       *proxy.Client
	writer      store.Writer
	sync        synchook.Sync
	integration synchook.Integration
	baseURL     string
	keep        time.Duration // how long the log is kept

	mu         sync.Mutex
	connection synchook.Connection
	lines      []store.LogLine
	flushed    time.Time
	requests   int
}

// Proxy makes a request with the connection's credentials.
func (h *host) Proxy(ctx context.Context, r proxy.Request) (proxy.Response, error) {
	h.mu.Lock()
	h.requests++
	target := proxy.Target{BaseURL: h.baseURL, Credentials: credentials(h.connection.Credentials)}
	h.mu.Unlock()
	return h.proxy.Do(ctx, target, r)
}

func credentials(c synchook.Credentials) proxy.Credentials {
	switch c.Kind {
	case synchook.CredentialsBearer:
		return proxy.Bearer(c.Value)
	case synchook.CredentialsBasic:
		return proxy.Basic(c.Name, c.Value)
	case synchook.CredentialsHeader:
		return proxy.Header(c.Name, c.Value)
	}
	return proxy.Credentials{}
}

// Save stores records.
func (h *host) Save(ctx context.Context, model string, records []script.Record) error {
	m, _ := h.sync.Model(model)
	err := h.store.SaveBatch(ctx, h.writer, m.ID, writes(records))
	failpoint.Hit("run.script")
	return err
}

// Update merges parts into stored records.
func (h *host) Update(ctx context.Context, model string, records []script.Record) error {
	m, _ := h.sync.Model(model)
	return h.store.UpdateBatch(ctx, h.writer, m.ID, writes(records), mergeRecord)
}

// Delete marks records as deleted.
func (h *host) Delete(ctx context.Context, model string, ids []string) error {
	m, _ := h.sync.Model(model)
	return h.store.DeleteBatch(ctx, h.writer, m.ID, ids)
}

func writes(records []script.Record) []store.RecordWrite {
	out := make([]store.RecordWrite, len(records))
	for i, r := range records {
		out[i] = store.RecordWrite{ID: r.ID, Digest: encodeDigest(r.Digest), Payload: r.Payload}
	}
	return out
}

func encodeDigest(d script.Digest) string { return base64.RawURLEncoding.EncodeToString(d[:]) }

// Connection returns the connection as the JSON object that scripts know.
func (h *host) Connection(context.Context) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.connection
	return json.Marshal(map[string]any{
		"connection_id": c.Name, "provider_config_key": h.integration.Key, "provider": h.integration.Provider,
		"metadata": c.Metadata, "connection_config": c.Config,
		"created_at": c.Created, "updated_at": c.Updated, "credentials": credentialsObject(c.Credentials),
	})
}

// credentialsObject is what nango.getConnection shows of credentials: scripts may need the token.
func credentialsObject(c synchook.Credentials) map[string]string {
	switch c.Kind {
	case synchook.CredentialsBearer:
		return map[string]string{"type": "API_KEY", "apiKey": c.Value, "access_token": c.Value}
	case synchook.CredentialsBasic:
		return map[string]string{"type": "BASIC", "username": c.Name, "password": c.Value}
	case synchook.CredentialsHeader:
		return map[string]string{"type": "API_KEY", "apiKey": c.Value}
	}
	return map[string]string{"type": "NONE"}
}

// Metadata returns the connection's metadata.
func (h *host) Metadata(ctx context.Context) ([]byte, error) {
	c, err := h.store.Connection(ctx, h.writer.Project, h.writer.Connection)
	return c.Metadata, err
}

// SetMetadata replaces the connection's metadata.
func (h *host) SetMetadata(ctx context.Context, metadata []byte) error {
	return h.changeMetadata(ctx, func(json.RawMessage) (json.RawMessage, error) { return metadata, nil })
}

// UpdateMetadata replaces the given keys of the connection's metadata.
func (h *host) UpdateMetadata(ctx context.Context, part []byte) error {
	return h.changeMetadata(ctx, func(old json.RawMessage) (json.RawMessage, error) { return replaceKeys(old, part) })
}

func (h *host) changeMetadata(ctx context.Context, change func(json.RawMessage) (json.RawMessage, error)) error {
	c, err := h.store.UpdateConnection(ctx, h.writer.Project, h.writer.Connection, func(c *synchook.Connection) error {
		metadata, err := change(c.Metadata)
		c.Metadata = metadata
		return err
	})
	if err == nil {
		h.mu.Lock()
		h.connection = c
		h.mu.Unlock()
	}
	return err
}

// Log adds a line to the run's log.
func (h *host) Log(ctx context.Context, level, message string) {
	now := time.Now()
	h.mu.Lock()
	h.lines = append(h.lines, store.LogLine{Time: now.UTC(), Level: level, Message: message})
	due := len(h.lines) >= logFlushLines || now.Sub(h.flushed) > logFlushTime
	h.mu.Unlock()
	if due {
		_ = h.flush(ctx) // lines that cannot be stored now are tried again with the next ones
	}
}

// flush stores the lines that are not stored yet.
func (h *host) flush(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushed = time.Now()
	err := h.store.AppendLog(ctx, h.writer.Project, h.writer.Connection, h.writer.Run, h.lines, h.keep)
	if err == nil || len(h.lines) > 10*logFlushLines {
		h.lines = nil
	}
	return err
}

// infrastructure reports whether an error of a run is ours and passes, so that it costs no attempt. A
// worker without the right encryption key is one: somebody will give it the key.
func infrastructure(err error) bool {
	return synchook.IsKind(err, synchook.KindUnavailable) || errors.Is(err, script.ErrEngine) || errors.Is(err, store.ErrNoKey)
}
