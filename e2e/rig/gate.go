package rig

import (
	"context"
	"sync"
)

// Gate can hold the next request that comes, and lets all others pass.
type Gate struct {
	mu      sync.Mutex
	closing bool
	held    chan struct{} // closed when a request is held
	opened  chan struct{} // closed when it may go on
}

func newGate() *Gate { return &Gate{held: make(chan struct{}), opened: make(chan struct{})} }

// Hold holds the next request, and returns what is closed when it has come. A gate holds once.
func (g *Gate) Hold() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = true
	return g.held
}

// Open lets the held request go on. It may be called more than once.
func (g *Gate) Open() {
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
func (g *Gate) pass(ctx context.Context) {
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
