package e2e

import (
	"context"
	"sync"
)

// gate can hold the next request that comes, and lets all others pass.
type gate struct {
	mu      sync.Mutex
	closing bool
	held    chan struct{} // closed when a request is held
	opened  chan struct{} // closed when it may go on
}

func newGate() *gate { return &gate{held: make(chan struct{}), opened: make(chan struct{})} }

// hold holds the next request, and returns what is closed when it has come.
func (g *gate) hold() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = true
	return g.held
}

// open lets the held request go on. It may be called more than once.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = false
	select {
	case <-g.opened:
	default:
		close(g.opened)
	}
}

// pass returns when the request may go on, or nobody waits for its answer any more.
func (g *gate) pass(ctx context.Context) {
	g.mu.Lock()
	mine := g.closing
	if mine {
		g.closing = false
		close(g.held)
	}
	g.mu.Unlock()
	if mine {
		select {
		case <-g.opened:
		case <-ctx.Done():
		}
	}
}
