package tracing

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/synchook/synchook/internal/synchook"
)

// quiet is how long the log is spared after it was told that spans are lost.
const quiet = time.Minute

var errStopping = errors.New("the program stops and has no more time for them")

// exporter sends spans on, and tells the log when that fails. That is all that a failure leads to: the
// work goes on, and the spans are lost.
type exporter struct {
	next   sdk.SpanExporter
	log    *slog.Logger
	hide   synchook.Redactor
	alive  context.Context //nolint:containedctx // its own life, which ends when a stop has no more time
	giveUp context.CancelCauseFunc

	mu   sync.Mutex
	lost int // spans since the log was told
	told time.Time
}

func newExporter(next sdk.SpanExporter, log *slog.Logger, hide synchook.Redactor) *exporter {
	e := &exporter{next: next, log: log, hide: hide}
	e.alive, e.giveUp = context.WithCancelCause(context.Background())
	return e
}

// ExportSpans implements the SDK's SpanExporter.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.alive, cancel)()
	if err := e.next.ExportSpans(ctx, spans); err != nil {
		e.tell(len(spans), cmp.Or(context.Cause(e.alive), err))
	}
	return nil
}

func (e *exporter) tell(spans int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost += spans
	if time.Since(e.told) < quiet {
		return
	}
	e.log.Warn("traces are lost, because the collector does not take them; the work goes on without them",
		"spans", e.lost, "error", e.hide.Text(err.Error()))
	e.lost, e.told = 0, time.Now()
}

// Shutdown implements the SDK's SpanExporter.
func (e *exporter) Shutdown(ctx context.Context) error { return e.next.Shutdown(ctx) }

// Where says where spans go, without what may be secret; "off" is nowhere.
func (t *Tracer) Where() string {
	if t == nil {
		return "off"
	}
	return t.where
}

// Stop sends the spans that have ended and were not sent yet, until the context ends: then they are lost.
// It may be called more than once.
func (t *Tracer) Stop(ctx context.Context) {
	if t == nil {
		return
	}
	defer context.AfterFunc(ctx, func() { t.exporter.giveUp(errStopping) })()
	_ = t.provider.Shutdown(context.WithoutCancel(ctx)) // the exporter tells what fails
}
