package rig

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Manner is how a site answers. It may let well answer, early or late, and must return when the
// request's context ends.
type Manner func(w http.ResponseWriter, r *http.Request, well http.HandlerFunc)

// site is an HTTP server of the outside's that can be down and can misbehave.
type site struct {
	t       testing.TB
	url     string
	addr    string
	handler http.Handler
	manner  atomic.Pointer[Manner]
	gate    *Gate

	mu     sync.Mutex
	server *http.Server // nil: it is down
	served sync.WaitGroup
}

func newSite(t testing.TB, handler http.Handler) *site {
	t.Helper()
	s := &site{t: t, addr: "127.0.0.1:0", handler: handler, gate: newGate()}
	s.Up()
	t.Cleanup(func() { s.gate.Open(); s.Down() })
	return s
}

// URL is where the site is, whether up or down.
func (s *site) URL() string { return s.url }

// Gate can hold a request.
func (s *site) Gate() *Gate { return s.gate }

// Misbehave makes the site answer everything in a manner, until it is told to Behave.
func (s *site) Misbehave(m Manner) { s.manner.Store(&m) }

// Behave makes the site answer well again.
func (s *site) Behave() { s.manner.Store(nil) }

// Down closes the site: who calls it is refused, and what is in flight is cut off.
func (s *site) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		_ = s.server.Close() // what it cuts off is what is wanted
		s.server = nil
	}
	s.served.Wait()
}

// Up opens the site again, at the same address.
func (s *site) Up() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		return
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		s.t.Fatalf("opening the site at %s: %v", s.addr, err)
	}
	s.addr = listener.Addr().String()
	s.url = "http://" + s.addr
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: time.Minute}
	s.server = server
	s.served.Go(func() { _ = server.Serve(listener) }) // it ends when the server is closed
}

// answer answers in the site's manner, if it has one just now.
func (s *site) answer(w http.ResponseWriter, r *http.Request, well http.HandlerFunc) {
	s.gate.pass(r.Context())
	if m := s.manner.Load(); m != nil {
		(*m)(w, r, well)
		return
	}
	well(w, r)
}
