package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// until waits until it holds, looking every two milliseconds.
func until(ctx context.Context, holds func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// parallel calls do with 0 to n-1 from that many goroutines, and returns the first error.
func parallel(ctx context.Context, goroutines, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var running sync.WaitGroup
	for range goroutines {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// countdown tells when something has happened n times.
type countdown struct {
	left atomic.Int64
	over chan struct{}
}

func newCountdown(n int) *countdown {
	c := &countdown{over: make(chan struct{})}
	c.left.Store(int64(n))
	return c
}

func (c *countdown) tick() {
	if c.left.Add(-1) == 0 {
		close(c.over)
	}
}

func (c *countdown) wait(ctx context.Context) error {
	select {
	case <-c.over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// every calls do with 0 to n-1, each at its own time whether the ones before have ended or not, and
// waits for all. It gives the time at which the call was due, from which latency counts.
func every(ctx context.Context, interval time.Duration, n int, do func(i int, due time.Time)) {
	var running sync.WaitGroup
	defer running.Wait()
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(i) * interval)
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return
		}
		running.Go(func() { do(i, due) })
	}
}
