package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	synchookclient "github.com/synchook/synchook/clients/go"
)

// arrival is a webhook that the receiver got and verified.
type arrival struct {
	ID     string
	Raw    string
	Body   synchookclient.WebhookBody
	At     time.Time
	Status int // of the answer
}

// Receiver is a customer's app. It refuses, and fails the test for, what it cannot verify.
type Receiver struct {
	t      *testing.T
	server *httptest.Server
	secret string
	gate   *gate

	mu       sync.Mutex
	answers  []int // of the next webhooks; then 200
	arrivals []arrival
}

func newReceiver(t *testing.T, secret string) *Receiver {
	t.Helper()
	r := &Receiver{t: t, secret: secret, gate: newGate()}
	r.server = httptest.NewServer(r)
	t.Cleanup(func() { r.gate.open(); r.server.Close() })
	return r
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return // its sender was killed
	}
	body, err := synchookclient.VerifyWebhook(req.Header, raw, r.secret)
	if err != nil {
		r.t.Errorf("the receiver got what it cannot verify: %v\n%s", err, raw)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(r.note(arrival{ID: req.Header.Get("webhook-id"), Raw: string(raw), Body: body, At: time.Now()}))
	r.gate.pass(req.Context())
}

// note keeps what arrived and returns the answer.
func (r *Receiver) note(a arrival) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.Status = http.StatusOK
	if len(r.answers) > 0 {
		a.Status, r.answers = r.answers[0], r.answers[1:]
	}
	r.arrivals = append(r.arrivals, a)
	return a.Status
}

// Answer sets how the next webhooks are answered.
func (r *Receiver) Answer(statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = statuses
}

// Got returns what has arrived so far.
func (r *Receiver) Got() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.arrivals)
}

// Want waits until n webhooks have arrived, repetitions included, and returns them.
func (r *Receiver) Want(n int) []arrival {
	r.t.Helper()
	until(r.t, 60*time.Second, "the receiver has its webhooks", func() bool { return len(r.Got()) >= n })
	return r.Got()
}
