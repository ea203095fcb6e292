package worker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
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
	hide        synchook.Redactor
	saving      *atomic.Int64 // nanoseconds in the store

	mu         sync.Mutex
	connection synchook.Connection
	lines      []store.LogLine
	flushed    time.Time
	requests   int
	access     store.Access // how the API took the credentials last
}

func newHost(r *runner, j *job) *host {
	return &host{
		store: r.store, proxy: r.proxy, writer: j.writer, sync: j.Sync, integration: j.Integration, baseURL: baseURL(j.Integration),
		keep: j.Settings.Keep(), hide: j.hide, saving: &j.phases.save, connection: j.Connection, flushed: time.Now(),
	}
}

// Proxy makes a request with the connection's credentials.
func (h *host) Proxy(ctx context.Context, r proxy.Request) (proxy.Response, error) {
	h.mu.Lock()
	h.requests++
	target := proxy.Target{BaseURL: h.baseURL, Credentials: credentials(h.connection.Credentials)}
	version := h.connection.CredentialsVersion
	h.mu.Unlock()
	made := &store.LoggedRequest{Began: time.Now().UTC()}
	made.Method, made.URL = proxy.Shown(target, r)
	inner, span := tracing.Call(ctx, "request")
	response, err := h.proxy.Do(inner, target, r)
	made.Took, made.Status, made.Attempts, made.Size = time.Since(made.Began), response.Status, response.Attempts, len(response.Body)
	h.noteAccess(accessOf(response, version))
	h.noteRequest(ctx, span, made, err)
	return response, err
}

// noteAccess keeps how the credentials were taken, if an answer told.
func (h *host) noteAccess(a store.Access) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.Standing != store.Unknown {
		h.access = a
	}
}

// noteRequest ends a request's span, and writes it into the run's log.
func (h *host) noteRequest(ctx context.Context, span tracing.Span, made *store.LoggedRequest, err error) {
	made.URL = h.hide.Text(made.URL)
	failure := ""
	switch {
	case err != nil:
		made.Error = h.hide.Text(err.Error())
		failure = made.Error
	case made.Status >= http.StatusBadRequest:
		failure = "the API answered " + strconv.Itoa(made.Status)
	}
	if span.Recording() {
		span.Note(slog.String("http.request.method", made.Method), slog.String("url.full", made.URL),
			slog.Int("http.response.status_code", made.Status), slog.Int("attempts", made.Attempts))
		span.End(failure)
	}
	line := store.LogLine{Level: "debug", Message: fmt.Sprintf("%s %s: %d", made.Method, made.URL, made.Status), Request: made}
	switch {
	case made.Error != "":
		line.Level, line.Message = "warn", made.Error
	case failure != "":
		line.Level = "warn"
	}
	h.addLine(ctx, line)
}

// write makes a write to the store: it is one of the run's phases, and has a span.
func (h *host) write(ctx context.Context, what, model string, records int, do func(context.Context, synchook.ModelID) error) error {
	began := time.Now()
	m, _ := h.sync.Model(model)
	ctx, span := tracing.Step(ctx, what)
	span.Note(slog.String("model", model), slog.Int("records", records))
	err := do(ctx, m.ID)
	h.saving.Add(int64(time.Since(began)))
	span.Finish(err)
	return err
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
	err := h.write(ctx, "save", model, len(records), func(ctx context.Context, id synchook.ModelID) error {
		return h.store.SaveBatch(ctx, h.writer, id, writes(records))
	})
	failpoint.Hit("run.script")
	return err
}

// Update merges parts into stored records.
func (h *host) Update(ctx context.Context, model string, records []script.Record) error {
	return h.write(ctx, "update", model, len(records), func(ctx context.Context, id synchook.ModelID) error {
		return h.store.UpdateBatch(ctx, h.writer, id, writes(records), mergeRecord)
	})
}

// Delete marks records as deleted.
func (h *host) Delete(ctx context.Context, model string, ids []string) error {
	return h.write(ctx, "delete", model, len(ids), func(ctx context.Context, id synchook.ModelID) error {
		return h.store.DeleteBatch(ctx, h.writer, id, ids)
	})
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

// Log adds a line to the run's log. What a script writes there is its own affair but for the connection's
// credentials: whoever may read the log is not therefore to have them.
func (h *host) Log(ctx context.Context, level, message string) {
	h.addLine(ctx, store.LogLine{Level: level, Message: h.hide.Text(message)})
}

// addLine adds a line to the run's log, which is stored now and then.
func (h *host) addLine(ctx context.Context, line store.LogLine) {
	now := time.Now()
	line.Time = now.UTC()
	h.mu.Lock()
	h.lines = append(h.lines, line)
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
