package tracing_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/synchook/synchook/internal/tracetest"
	"github.com/synchook/synchook/internal/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sender's trace context, as a header.
const senders = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func newTracer(t *testing.T, endpoint string, log *slog.Logger) *tracing.Tracer {
	t.Helper()
	tracer, err := tracing.New(t.Context(), tracing.Options{
		Endpoint: endpoint, Version: "1.2.3", Log: log, Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func stop(t *testing.T, tracer *tracing.Tracer, within time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	tracer.Stop(ctx)
}

func TestATraceGoesOnWhereItsParentIsTold(t *testing.T) {
	t.Parallel()
	c := tracetest.New(t)
	tracer := newTracer(t, c.URL, slog.New(slog.DiscardHandler))
	ctx, event := tracer.Receive(t.Context(), "webhook", http.Header{"Traceparent": {senders}}, time.Now().Add(-time.Second))
	stepCtx, step := tracing.Step(ctx, "accept")
	stored := tracing.Parent(stepCtx)
	step.End("")
	event.End("")

	ctx, run := tracer.Continue(context.Background(), "run", stored)
	callCtx, call := tracing.Call(ctx, "GET")
	header := http.Header{}
	tracing.Inject(callCtx, header)
	call.Note(slog.Int("http.response.status_code", 500), slog.Duration("queued", 1500*time.Microsecond))
	call.End("the API answered 500")
	run.End("")
	stop(t, tracer, time.Minute)

	root, accept, ran, called := c.One(t, "webhook"), c.One(t, "accept"), c.One(t, "run"), c.One(t, "GET")
	if root.Parent != "" || root.Trace == senders[3:35] || len(root.Links) != 1 || root.Links[0] != senders[3:35] || root.Milliseconds < 1000 {
		t.Errorf("an event's trace is its own, linked to the sender's: %+v", root)
	}
	if accept.Parent != root.ID || ran.Parent != accept.ID || called.Parent != ran.ID {
		t.Errorf("the parents are wrong: %+v", c.Spans())
	}
	for _, s := range c.Spans() {
		if s.Trace != root.Trace {
			t.Errorf("%s is in another trace", s.Name)
		}
	}
	if want := "00-" + root.Trace + "-" + called.ID + "-01"; header.Get("Traceparent") != want {
		t.Errorf("the header is %q, want %q", header.Get("Traceparent"), want)
	}
	if called.Failure != "the API answered 500" || called.Facts["http.response.status_code"] != "500" || called.Facts["synchook.queued_ms"] != "1.5" {
		t.Errorf("what was noted: %+v", called)
	}
}

func TestACallerOfTheAPIGoesOnWithItsTrace(t *testing.T) {
	t.Parallel()
	c := tracetest.New(t)
	tracer := newTracer(t, c.URL, slog.New(slog.DiscardHandler))
	ctx, rpc := tracer.Serve(t.Context(), "IngestWebhook", http.Header{"Traceparent": {senders}})
	_, event := tracer.Receive(ctx, "webhook", nil, time.Now())
	event.End("")
	rpc.End("")
	stop(t, tracer, time.Minute)
	if served, received := c.One(t, "IngestWebhook"), c.One(t, "webhook"); served.Trace != senders[3:35] || served.Parent != senders[36:52] || received.Parent != served.ID {
		t.Errorf("the spans: %+v", c.Spans())
	}
}

func TestWithoutATracerNothingHappens(t *testing.T) {
	t.Parallel()
	var off *tracing.Tracer
	ctx, span := off.Receive(t.Context(), "webhook", http.Header{"Traceparent": {senders}}, time.Now())
	ctx, step := tracing.Step(ctx, "accept")
	ctx, run := off.Continue(ctx, "run", senders)
	header := http.Header{}
	tracing.Inject(ctx, header)
	for _, s := range []tracing.Span{span, step, run} {
		s.Note(slog.String("a", "b"))
		s.End("failed")
	}
	if len(header) != 0 || tracing.Parent(ctx) != "" || tracing.ID(ctx) != "" || step.ID() != "" || off.Where() != "off" {
		t.Errorf("something happened: %v %q", header, tracing.Parent(ctx))
	}
	stop(t, off, time.Minute)
}

func TestACollectorThatDoesNotAnswerHoldsNothingUp(t *testing.T) {
	t.Parallel()
	hangs := make(chan struct{})
	var asked atomic.Int32
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		select {
		case <-hangs:
		case <-r.Context().Done():
		}
	}))
	defer silent.Close()
	defer close(hangs)
	var log strings.Builder
	tracer := newTracer(t, silent.URL, slog.New(slog.NewTextHandler(&log, nil)))
	began := time.Now()
	for range 20_000 { // many times what may wait to be sent
		_, span := tracer.Continue(t.Context(), "run", "")
		span.End("")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("20,000 spans took %s while the collector was silent", took)
	}
	began = time.Now()
	stop(t, tracer, 200*time.Millisecond)
	stop(t, tracer, 0)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if asked.Load() == 0 || strings.Count(log.String(), "traces are lost") != 1 {
		t.Errorf("the collector was asked %d times; the log, which should tell it once:\n%s", asked.Load(), log.String())
	}
}
