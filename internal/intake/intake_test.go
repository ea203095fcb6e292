package intake_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// world is an intake on a real store, with a sync of GitHub issues and a connection of installation 1.
type world struct {
	storetest.Sync
	st     *store.Store
	queue  *fakeQueue
	intake *intake.Intake
	p      synchook.ProjectID
}

// fakeQueue keeps the hints that it is sent.
type fakeQueue struct {
	mu    sync.Mutex
	hints []synchook.Hint
	err   error
}

// Send keeps the hints, or fails.
func (q *fakeQueue) Send(_ context.Context, hints ...synchook.Hint) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hints = append(q.hints, hints...)
	return q.err
}

func newWorld(t *testing.T, change ...func(*synchook.Sync)) *world {
	t.Helper()
	st, q := storetest.New(t), &fakeQueue{}
	x := storetest.NewSync(t, st, "code", change...)
	return &world{Sync: x, st: st, queue: q, p: x.Project.ID, intake: &intake.Intake{
		Store: st, Queue: q, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}}
}

// issues is a GitHub webhook about an issue, of an installation.
func issues(delivery string, installation any) provider.Request {
	return github("issues", delivery, fmt.Sprintf(`{"action":"opened","installation":{"id":%v},"repository":{"owner":{"login":"octo"}}}`, installation))
}

// github is a webhook signed as GitHub does, with the secret of storetest's integration.
func github(event, delivery, body string) provider.Request {
	mac := hmac.New(sha256.New, []byte("provider-secret"))
	mac.Write([]byte(body))
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("X-GitHub-Event", event)
	h.Set("X-GitHub-Delivery", delivery)
	h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return provider.Request{Method: http.MethodPost, Header: h, Body: []byte(body), Received: time.Now()}
}

func (w *world) incoming(request provider.Request) intake.Incoming {
	p, _ := provider.Lookup(w.Integration.Provider)
	return intake.Incoming{Project: w.p, Integration: w.Integration, Provider: p, Request: request}
}

func (w *world) receive(t *testing.T, request provider.Request) intake.Receipt {
	t.Helper()
	receipt, err := w.intake.Receive(t.Context(), w.incoming(request))
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func (w *world) event(t *testing.T, id synchook.EventID) synchook.Event {
	t.Helper()
	e, err := w.st.Event(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// runs returns the runs of the project, by the connection's name.
func (w *world) runs(t *testing.T) map[string][]synchook.Run {
	t.Helper()
	out := map[string][]synchook.Run{}
	page := store.Page{Size: 1000}
	for {
		list, next, err := w.st.Runs(t.Context(), w.p, store.RunQuery{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			c, err := w.st.Connection(t.Context(), w.p, r.Connection)
			if err != nil {
				t.Fatal(err)
			}
			out[c.Name] = append(out[c.Name], r)
		}
		if page.Token = next; next == "" {
			return out
		}
	}
}

// match gives the integration a matching rule of its own.
func (w *world) match(t *testing.T, m synchook.Match) {
	t.Helper()
	w.Integration.Match = m
	if _, err := w.st.UpdateIntegration(t.Context(), w.p, w.Integration); err != nil {
		t.Fatal(err)
	}
}

// connect makes a connection with that metadata and config.
func (w *world) connect(t *testing.T, name, metadata, config string) synchook.Connection {
	t.Helper()
	c, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{
		Integration: w.Integration.ID, Name: name, Metadata: []byte(metadata), Config: []byte(config),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAVerifiedWebhookBecomesAnEventAndItsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.receive(t, issues("d1", 1))
	if receipt.Runs != 1 || receipt.Duplicate || receipt.Reason != "" || receipt.Reply != nil {
		t.Errorf("receipt = %+v", receipt)
	}
	e := w.event(t, receipt.Event)
	if e.Outcome != synchook.OutcomeMatched || e.Type != "issues.opened" || e.ExternalID != "d1" || len(e.Runs) != 1 {
		t.Errorf("event = %+v", e)
	}
	runs := w.runs(t)["user-1"]
	if len(runs) != 1 || runs[0].ID != e.Runs[0] || runs[0].Event != e.ID || runs[0].Trigger != synchook.TriggerEvent || runs[0].Sync != w.Sync.Sync.ID {
		t.Errorf("runs = %+v", runs)
	}
	if len(w.queue.hints) != 1 || w.queue.hints[0].Lane != runs[0].Lane() {
		t.Errorf("hints = %+v, want one for the run's lane", w.queue.hints)
	}
}

func TestAWebhookSentTwiceIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.receive(t, issues("d1", 1)), w.receive(t, issues("d1", 1))
	if !second.Duplicate || second.Event != first.Event || second.Runs != 0 {
		t.Errorf("second receipt = %+v, want a duplicate of %s", second, first.Event)
	}
	if runs := w.runs(t)["user-1"]; len(runs) != 1 {
		t.Errorf("%d runs, want 1", len(runs))
	}
}

func TestAWebhookWithoutAnIDIsRecognisedByItsBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, same, other := w.receive(t, issues("", 1)), w.receive(t, issues("", 1)), w.receive(t, issues("", 2))
	if !same.Duplicate || same.Event != first.Event || other.Duplicate {
		t.Errorf("receipts: %+v, %+v, %+v", first, same, other)
	}
}

func TestARefusedWebhookIsNotedAndNotStored(t *testing.T) {
	t.Parallel()
	changed := issues("d1", 1)
	changed.Body = append([]byte(nil), changed.Body...)
	changed.Body[2] ^= 1
	unsigned := issues("d1", 1)
	unsigned.Header.Del("X-Hub-Signature-256")
	tests := map[string]struct {
		request provider.Request
		secrets []string
		kind    synchook.Kind
		reason  string
	}{
		"changed on its way":   {changed, []string{"provider-secret"}, synchook.KindUnauthenticated, "wrong_signature"},
		"of another secret":    {issues("d1", 1), []string{"other"}, synchook.KindUnauthenticated, "wrong_signature"},
		"unsigned":             {unsigned, []string{"provider-secret"}, synchook.KindUnauthenticated, "missing_signature"},
		"without a secret":     {issues("d1", 1), nil, synchook.KindUnauthenticated, "no_webhook_secret"},
		"signed, but no JSON":  {github("issues", "d1", "junk"), []string{"provider-secret"}, synchook.KindInvalid, "malformed_webhook"},
		"signed, but no event": {github("", "d1", "{}"), []string{"provider-secret"}, synchook.KindInvalid, "malformed_webhook"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Integration.Secrets = tt.secrets
			_, err := w.intake.Receive(t.Context(), w.incoming(tt.request))
			wantFault(t, err, tt.kind, tt.reason)
			lines, err := w.st.Rejected(t.Context(), w.p, w.Integration.ID)
			if err != nil || len(lines) != 1 || lines[0].Reason == "" {
				t.Errorf("noted %+v (%v), want one line", lines, err)
			}
			events, _, err := w.st.Events(t.Context(), w.p, store.EventQuery{}, store.Page{})
			if err != nil || len(events) != 0 {
				t.Errorf("stored %+v (%v)", events, err)
			}
		})
	}
}

func wantFault(t *testing.T, err error, kind synchook.Kind, reason string) {
	t.Helper()
	var f *synchook.Fault
	if !errors.As(err, &f) || f.Kind != kind || f.Reason != reason {
		t.Errorf("error = %v, want a fault of kind %d, %q", err, kind, reason)
	}
}

func TestAStaleWebhookIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.incoming(issues("d1", 1))
	in.Provider = staleProvider{in.Provider}
	_, err := w.intake.Receive(t.Context(), in)
	wantFault(t, err, synchook.KindUnauthenticated, "stale_signature")
}

// staleProvider finds every signature too old.
type staleProvider struct{ provider.Provider }

// Verify implements provider.Provider.
func (staleProvider) Verify(provider.Request, provider.Config) error { return provider.ErrStale }

func TestAHandshakeIsAnsweredAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.incoming(github("ping", "d1", `{"zen":"x"}`))
	in.Provider = challenging{in.Provider}
	for n := range 2 { // sent again, it wants its answer again
		receipt, err := w.intake.Receive(t.Context(), in)
		if err != nil || receipt.Reply == nil || string(receipt.Reply.Body) != "challenge" || receipt.Duplicate != (n == 1) {
			t.Errorf("receipt = %+v (%v)", receipt, err)
		}
		if e := w.event(t, receipt.Event); e.Outcome != synchook.OutcomeHandshake || e.Reason == "" {
			t.Errorf("event = %+v", e)
		}
	}
}

func TestAPingIsAnEventLikeAnyOtherForItsSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.receive(t, github("ping", "d1", `{"zen":"x"}`))
	if receipt.Reply != nil || receipt.Runs != 0 || receipt.Reason == "" {
		t.Errorf("receipt = %+v", receipt)
	}
	if e := w.event(t, receipt.Event); e.Outcome != synchook.OutcomeHandshake {
		t.Errorf("event = %+v", e)
	}
}

// challenging is a provider whose handshake wants a certain answer.
type challenging struct{ provider.Provider }

// Handshake implements provider.Provider.
func (challenging) Handshake(provider.Request) (provider.Reply, bool) {
	return provider.Reply{Status: http.StatusOK, Body: []byte("challenge")}, true
}

func TestNoSecretHeaderIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := issues("d1", 1)
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "X-Gitlab-Token", "X-Hub-Signature", "X-Shopify-Hmac-Sha256", "Client-Secret",
		"Webhook-Signature", "X-Api-Key", "Apikey", "X-Password",
	} {
		request.Header.Set(name, "hush")
	}
	request.Header.Add("X-Many", "a")
	request.Header.Add("X-Many", "b")
	c, err := w.st.EventContent(t.Context(), w.p, w.receive(t, request).Event)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.Header {
		if strings.Contains(value, "hush") || name == "X-Hub-Signature-256" {
			t.Errorf("the header %s is kept", name)
		}
	}
	if c.Header["X-Many"] != "a, b" || c.Header["X-Github-Event"] != "issues" {
		t.Errorf("headers = %q", c.Header)
	}
	if string(c.Body) != string(request.Body) {
		t.Errorf("body = %s", c.Body)
	}
}

func TestAHintThatCannotBeSentDoesNotFailTheAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue.err = errors.New("no queue")
	receipt := w.receive(t, issues("d1", 1))
	if receipt.Runs != 1 || len(w.runs(t)["user-1"]) != 1 {
		t.Errorf("receipt = %+v", receipt)
	}
}

// failingStore is a store that fails to write.
type failingStore struct {
	intake.Store
	accept func() error
}

// AcceptEvent fails.
func (f failingStore) AcceptEvent(context.Context, synchook.ProjectID, store.Accept) (store.Accepted, error) {
	return store.Accepted{}, f.accept()
}

// Reject fails.
func (f failingStore) Reject(context.Context, synchook.ProjectID, synchook.IntegrationID, string) error {
	return f.accept()
}

func TestAWriteThatFailsIsUnavailableAndNeverAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.intake.Store = failingStore{w.st, func() error {
		return &synchook.Fault{Kind: synchook.KindUnavailable, Reason: "store_unavailable", Message: "the store does not answer"}
	}}
	receipt, err := w.intake.Receive(t.Context(), w.incoming(issues("d1", 1)))
	wantFault(t, err, synchook.KindUnavailable, "store_unavailable")
	if receipt.Event != "" || len(w.queue.hints) != 0 {
		t.Errorf("receipt = %+v, hints %+v", receipt, w.queue.hints)
	}
	unsigned := issues("d1", 1)
	unsigned.Header.Del("X-Hub-Signature-256")
	_, err = w.intake.Receive(t.Context(), w.incoming(unsigned))
	wantFault(t, err, synchook.KindUnauthenticated, "missing_signature") // that it cannot be noted changes nothing
}

// hangingQueue takes no hint before its caller gives up.
type hangingQueue struct{}

// Send waits for its caller to give up.
func (hangingQueue) Send(ctx context.Context, _ ...synchook.Hint) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAHintThatCannotBeSentHoldsUpNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.intake.Queue = hangingQueue{}
	answered := make(chan intake.Receipt, 1)
	go func() {
		receipt, err := w.intake.Receive(context.Background(), w.incoming(issues("d1", 1)))
		if err != nil {
			t.Error(err)
		}
		answered <- receipt
	}()
	select {
	case receipt := <-answered:
		if receipt.Event == "" || receipt.Runs != 1 {
			t.Errorf("the receipt is %+v", receipt)
		}
	case <-time.After(20 * time.Second):
		t.Error("an accepted webhook was not answered for 20 s")
	}
}
