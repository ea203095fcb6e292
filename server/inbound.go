package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	// bodyBudget is how many bytes of bodies that nobody has verified yet are held at a time.
	bodyBudget = 256 << 20
	// bodyTimeout is how long the reading of a body may take.
	bodyTimeout = 30 * time.Second
)

// intakeStore finds whose webhook it is.
type intakeStore interface {
	ProjectByPublicID(ctx context.Context, public string) (synchook.ProjectID, error)
	IntegrationByKey(ctx context.Context, p synchook.ProjectID, key string) (synchook.Integration, error)
}

// inbound serves POST /webhook/{public}/{key}: incoming webhooks as providers send them.
type inbound struct {
	store   intakeStore
	intake  Intake
	urls    urls
	log     *slog.Logger
	metrics *metrics
	budget  *semaphore.Weighted
	now     func() time.Time
}

// webhookCall is one incoming webhook while it is served.
type webhookCall struct {
	incoming intake.Incoming
	receipt  intake.Receipt
	size     int
	read     time.Duration // of the body
	held     int64         // of the budget
}

// ServeHTTP implements http.Handler.
func (h *inbound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeProblem(w, http.StatusMethodNotAllowed, problem{"method_not_allowed", "webhooks are taken by POST only", "Send a POST."})
		return
	}
	started, c := time.Now(), new(webhookCall)
	defer func() { h.budget.Release(c.held) }()
	err := h.receive(w, r, c)
	if err != nil && r.Context().Err() != nil {
		err = senderGone(err)
	}
	h.note(r, c, err, time.Since(started))
	switch {
	case err != nil:
		writeFault(w, faultOf(err))
	case c.receipt.Reply != nil:
		writeReply(w, *c.receipt.Reply)
	default:
		writeReceipt(w, c.receipt)
	}
}

func (h *inbound) receive(w http.ResponseWriter, r *http.Request, c *webhookCall) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = panicError(panicked)
		}
	}()
	if err := within(r.Context(), intakeTime, func(ctx context.Context) error { return h.find(ctx, r, c) }); err != nil {
		return err
	}
	reading := time.Now()
	body, err := h.read(w, r, c)
	c.read = time.Since(reading)
	if err != nil {
		return err
	}
	c.size = len(body)
	c.incoming.Request = provider.Request{
		Method: r.Method, URL: h.urls.public + r.URL.RequestURI(), Header: r.Header, Body: body, Received: h.now(),
	}
	return within(r.Context(), intakeTime, func(ctx context.Context) error {
		c.receipt, err = h.intake.Receive(ctx, c.incoming)
		return err
	})
}

// senderGone is the error of a webhook whose sender did not wait for the answer: no fault of ours, and
// nobody reads it but who looks at the log.
func senderGone(err error) *synchook.Fault {
	return &synchook.Fault{
		Kind: synchook.KindUnavailable, Reason: "sender_gone", Message: "the sender ended the request before it was answered",
		Help: "Send it again.", Err: err,
	}
}

// find looks up whose webhook it is. An unknown project and an unknown integration look alike, so that
// nobody can find out which projects there are.
func (h *inbound) find(ctx context.Context, r *http.Request, c *webhookCall) error {
	p, err := h.store.ProjectByPublicID(ctx, r.PathValue("public"))
	if err == nil {
		c.incoming.Project = p
		c.incoming.Integration, err = h.store.IntegrationByKey(ctx, p, r.PathValue("key"))
	}
	if synchook.IsKind(err, synchook.KindNotFound) {
		return &synchook.Fault{
			Kind: synchook.KindNotFound, Reason: "webhook_url_not_found", Message: "there is no such webhook URL",
			Help: "GetIntegration shows the URL to give to the provider.",
		}
	}
	if err != nil {
		return err
	}
	c.incoming.Provider, err = providerOf(c.incoming.Integration)
	return err
}

// read reads a body up to the provider's limit, within the budget of all of them.
func (h *inbound) read(w http.ResponseWriter, r *http.Request, c *webhookCall) ([]byte, error) {
	most := c.incoming.Provider.MaxBody()
	if r.ContentLength > most {
		return nil, tooLarge(most)
	}
	control := http.NewResponseController(w)
	// Where there is no connection, in tests, there is nobody slow either.
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(&budgeted{r: http.MaxBytesReader(w, r.Body, most), budget: h.budget, held: &c.held})
	_ = control.SetReadDeadline(time.Time{})
	var over *http.MaxBytesError
	var fault *synchook.Fault
	switch {
	case errors.As(err, &over):
		return nil, tooLarge(most)
	case errors.As(err, &fault), err == nil:
		return body, err
	}
	return nil, &synchook.Fault{
		Kind: synchook.KindInvalid, Reason: "body_incomplete", Message: "the body did not arrive as a whole",
		Help: "Send it again.", Err: err,
	}
}

// budgeted reads no more than what all readers together may hold. It takes from the budget what it has
// read, so that who only announces much holds nothing.
type budgeted struct {
	r      io.Reader
	budget *semaphore.Weighted
	held   *int64
}

// Read implements io.Reader.
func (b *budgeted) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if !b.budget.TryAcquire(int64(n)) {
		return 0, &synchook.Fault{
			Kind: synchook.KindUnavailable, Reason: "too_many_bodies", Message: "the server holds as many unverified bodies as it can",
			Help: "Try again in some seconds.",
		}
	}
	*b.held += int64(n)
	return n, err
}

// note writes the webhook's line and its metrics.
func (h *inbound) note(r *http.Request, c *webhookCall, err error, took time.Duration) {
	outcome, level := outcomeOf(c.receipt, err), slog.LevelInfo
	if err != nil && answerTo(faultOf(err).Kind).status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	name := "unknown"
	if c.incoming.Provider != nil {
		name = c.incoming.Provider.Name()
	}
	h.metrics.intake.WithLabelValues(name, outcome).Observe(took.Seconds())
	line := []slog.Attr{
		slog.String("outcome", outcome), slog.Duration("duration", took), slog.String("provider", name),
		slog.String("project", string(c.incoming.Project)), slog.String("integration", string(c.incoming.Integration.ID)),
		slog.String("event", string(c.receipt.Event)), slog.Bool("duplicate", c.receipt.Duplicate),
		slog.Int("runs", c.receipt.Runs), slog.Int("size", c.size), slog.String("peer", r.RemoteAddr),
		slog.Duration("read", c.read), slog.Duration("accept", c.receipt.Accept),
	}
	if c.receipt.Trace != "" {
		line = append(line, slog.String("trace", c.receipt.Trace))
	}
	if err != nil {
		line = append(line, slog.String("error", err.Error()))
	}
	h.log.LogAttrs(r.Context(), level, "webhook", line...)
}

// outcomeOf says in a word how it ended.
func outcomeOf(receipt intake.Receipt, err error) string {
	switch {
	case err != nil:
		return faultOf(err).Reason
	case receipt.Duplicate:
		return "duplicate"
	case receipt.Reply != nil:
		return string(synchook.OutcomeHandshake)
	case receipt.Runs == 0:
		return string(synchook.OutcomeUnmatched)
	}
	return string(synchook.OutcomeMatched)
}

// writeReply answers a handshake as its provider wants it.
func writeReply(w http.ResponseWriter, reply provider.Reply) {
	w.Header().Set("Content-Type", reply.ContentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body) // a client that has gone is no fault of ours
}

func writeReceipt(w http.ResponseWriter, receipt intake.Receipt) {
	writeJSON(w, http.StatusOK, struct {
		Event     synchook.EventID `json:"event_id"`
		Duplicate bool             `json:"duplicate"`
		Runs      int              `json:"runs"`
		Reason    string           `json:"reason"`
	}{receipt.Event, receipt.Duplicate, receipt.Runs, receipt.Reason})
}

func newInbound(o Options, u urls, m *metrics) *inbound {
	return &inbound{
		store: o.Store, intake: o.Intake, urls: u, log: o.Log, metrics: m, budget: semaphore.NewWeighted(bodyBudget), now: o.Now,
	}
}
