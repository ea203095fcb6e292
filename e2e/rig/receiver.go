package rig

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	synchookclient "github.com/synchook/synchook/clients/go"
)

// Arrival is a webhook that the receiver got and verified.
type Arrival struct {
	ID     string
	Header http.Header
	Raw    string
	Body   synchookclient.WebhookBody // of a sync's webhook
	// Operational is the body of an operational webhook. Nil: it is a sync's.
	Operational *synchookclient.OperationalBody
	At          time.Time
	Status      int // of the answer; zero when there was none
}

// Acknowledged reports whether the answer was a 2xx.
func (a Arrival) Acknowledged() bool { return a.Status >= 200 && a.Status < 300 }

// Receiver is a customer's app. It refuses, and fails the test for, what it cannot verify. It can be
// down, and can misbehave with what it has verified.
type Receiver struct {
	*site

	mu       sync.Mutex
	secrets  []string
	answers  []int // of the next webhooks; then 200
	arrivals []*Arrival
}

// NewReceiver starts a receiver that verifies with a signing secret.
func NewReceiver(t testing.TB, secret string) *Receiver {
	t.Helper()
	r := &Receiver{secrets: []string{secret}}
	r.site = newSite(t, r)
	return r
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return // its sender was killed
	}
	read, err := synchookclient.ReadWebhook(req.Header, raw, r.trusted()...)
	if err != nil {
		r.t.Errorf("the receiver got what it cannot verify: %v\n%s", err, raw)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a := Arrival{ID: req.Header.Get("webhook-id"), Header: req.Header, Raw: string(raw), Operational: read.Operational, At: time.Now()}
	if read.Sync != nil {
		a.Body = *read.Sync
	}
	arrival := r.note(a)
	r.answer(&noted{ResponseWriter: w, status: func(status int) { r.noteStatus(arrival, status) }}, req, r.answerNext)
}

// answerNext answers with the next of the given statuses, or with 200.
func (r *Receiver) answerNext(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	status := http.StatusOK
	if len(r.answers) > 0 {
		status, r.answers = r.answers[0], r.answers[1:]
	}
	r.mu.Unlock()
	w.WriteHeader(status)
}

// note keeps what arrived and returns where.
func (r *Receiver) note(a Arrival) *Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrivals = append(r.arrivals, &a)
	return &a
}

func (r *Receiver) noteStatus(a *Arrival, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.Status = status
}

// Secret is the signing secret that the receiver verifies with.
func (r *Receiver) Secret() string { return r.trusted()[0] }

// Trust makes the receiver verify with these signing secrets.
func (r *Receiver) Trust(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = secrets
}

func (r *Receiver) trusted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secrets
}

// Answer sets how the next webhooks are answered.
func (r *Receiver) Answer(statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = statuses
}

// Got returns what has arrived so far.
func (r *Receiver) Got() []Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := make([]Arrival, len(r.arrivals))
	for i, a := range r.arrivals {
		got[i] = *a
	}
	return got
}

// Forget drops some of what has arrived.
func (r *Receiver) Forget(drop func(Arrival) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrivals = slices.DeleteFunc(r.arrivals, func(a *Arrival) bool { return drop(*a) })
}

// Want waits until n webhooks have been answered, repetitions included, and returns what has arrived.
func (r *Receiver) Want(n int) []Arrival {
	r.t.Helper()
	Until(r.t, time.Minute, "the receiver has its webhooks", func() bool {
		answered := 0
		for _, a := range r.Got() {
			if a.Status != 0 {
				answered++
			}
		}
		return answered >= n
	})
	return r.Got()
}

// noted is an answer whose status is kept before the sender can see it.
type noted struct {
	http.ResponseWriter
	status func(int)
	wrote  bool
}

// WriteHeader implements http.ResponseWriter.
func (n *noted) WriteHeader(status int) {
	if !n.wrote && status >= 200 {
		n.wrote = true
		n.status(status)
	}
	n.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (n *noted) Write(p []byte) (int, error) {
	if !n.wrote {
		n.WriteHeader(http.StatusOK)
	}
	return n.ResponseWriter.Write(p)
}

// Flush implements http.Flusher.
func (n *noted) Flush() { _ = http.NewResponseController(n.ResponseWriter).Flush() } // the sender may have gone

// Hijack implements http.Hijacker.
func (n *noted) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(n.ResponseWriter).Hijack()
}
