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

// Hold holds the next request, and returns what is closed when it has come.
func (g *Gate) Hold() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = true
	g.held, g.opened = make(chan struct{}), make(chan struct{})
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
	mine, opened := g.closing, g.opened
	if mine {
		g.closing = false
		close(g.held)
	}
	g.mu.Unlock()
	if mine {
		select {
		case <-opened:
		case <-ctx.Done():
		}
	}
}
