package worker

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// shifts are the worker's shifts that may outlive the handlers which began them. A handler has one of
// Asynq's slots, of which there are few: while an endpoint does not answer, nothing is done with it.
type shifts struct {
	handedOver prometheus.Gauge
	log        *slog.Logger
	giveUp     chan struct{}   // closed when what is in flight is waited for no longer, and goes back
	over       context.Context //nolint:containedctx // it is theirs: it ends when no turn may be taken any more
	end        context.CancelFunc

	mu      sync.Mutex
	stopped bool // none begins any more
	running sync.WaitGroup
}

func newShifts(handedOver prometheus.Gauge, log *slog.Logger) *shifts {
	s := &shifts{handedOver: handedOver, log: log, giveUp: make(chan struct{})}
	s.over, s.end = context.WithCancel(context.Background())
	return s
}

// hosted is a shift as the worker sees it.
type hosted struct {
	// work takes turns until the lane is given back. It calls free, once, when it can do without the
	// handler's slot.
	work func(ctx context.Context, free func()) error
	// failed is told why it ended after that.
	failed func(error)
}

// host runs a shift, and returns when it has ended or is handed over: then it goes on by itself. Its context
// ends with the handler's until it is handed over, and at the end of the worker's stop.
func (s *shifts) host(handler context.Context, h hosted) error {
	if !s.enter() {
		return errStopping
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(handler))
	disown := context.AfterFunc(handler, cancel)
	defer disown()
	freed, result := make(chan struct{}), make(chan error, 1)
	go func() {
		defer s.running.Done()
		defer cancel()
		defer context.AfterFunc(s.over, cancel)()
		handedOver := false
		err := guarded(func() error {
			return h.work(ctx, func() { handedOver = true; s.handedOver.Inc(); close(freed) })
		})
		if !handedOver {
			result <- err
			return
		}
		s.handedOver.Dec()
		if err != nil && ctx.Err() == nil {
			h.failed(err)
		}
	}()
	select {
	case err := <-result:
		return err
	case <-freed:
		return nil
	}
}

// guarded makes a panic an error, as Asynq does with one of a handler.
func guarded(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked; this is a bug of synchook's: %v\n%s", p, debug.Stack())
		}
	}()
	return work()
}

func (s *shifts) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.running.Add(1)
	}
	return !s.stopped
}

// givesUp is closed when what is in flight is waited for no longer; nil never is.
func (s *shifts) givesUp() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.giveUp
}

// wait lets none begin any more, and waits for all.
func (s *shifts) wait() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.running.Wait()
	s.end()
}
