package app

import (
	"context"
	"os"
	"time"

	"github.com/synchook/synchook/internal/tracing"
)

// The least and the most that a stop waits for the collector.
const (
	flushLeast = time.Second
	flushMost  = 5 * time.Second
)

// startTraces sets the tracer up, if anybody asked for traces. It stops last: what stops before it ends
// spans.
func (a *App) startTraces(ctx context.Context) (err error) {
	a.tracer, err = tracing.New(ctx, tracing.Options{
		Endpoint: a.options.OTLPEndpoint, Version: a.options.Version, Log: a.options.Log, Getenv: os.Getenv,
	})
	if err == nil && a.tracer != nil {
		a.cleanup("traces", func() {
			ctx, cancel := context.WithTimeout(context.Background(), flushTime(time.Until(a.stopBy)))
			defer cancel()
			a.tracer.Stop(ctx)
		})
	}
	return err
}

// flushTime is how long a stop that should be over after that time waits for the collector.
func flushTime(left time.Duration) time.Duration { return min(max(left, flushLeast), flushMost) }
