package tracing

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope names this program's instrumentation.
const scope = "github.com/synchook/synchook"

// w3c reads and writes W3C Trace Context.
var w3c propagation.TraceContext

// Tracer starts the spans that have none above them in this process. Make it with New; a nil one starts
// none. Its methods may be called concurrently.
type Tracer struct {
	provider *sdk.TracerProvider
	exporter *exporter
	where    string
}

// Receive starts the span of an incoming webhook that began at that time: a step of the span in the
// context, or a new trace that is linked to the one which its sender names.
func (t *Tracer) Receive(ctx context.Context, name string, sent http.Header, began time.Time) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	if trace.SpanContextFromContext(ctx).IsValid() {
		return Step(ctx, name)
	}
	o := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(began)}
	if from := remote(propagation.HeaderCarrier(sent)); from.IsValid() {
		o = append(o, trace.WithLinks(trace.Link{SpanContext: from}))
	}
	return t.start(ctx, name, o...)
}

// Serve starts the span of an RPC, below the one that its caller names.
func (t *Tracer) Serve(ctx context.Context, name string, sent http.Header) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx = trace.ContextWithRemoteSpanContext(ctx, remote(propagation.HeaderCarrier(sent)))
	return t.start(ctx, name, trace.WithSpanKind(trace.SpanKindServer))
}

// Continue starts the span of work that was queued, below the one that Parent had given; "" is none.
func (t *Tracer) Continue(ctx context.Context, name, parent string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx = trace.ContextWithRemoteSpanContext(ctx, remote(propagation.MapCarrier{"traceparent": parent}))
	return t.start(ctx, name, trace.WithSpanKind(trace.SpanKindConsumer))
}

func (t *Tracer) start(ctx context.Context, name string, o ...trace.SpanStartOption) (context.Context, Span) {
	ctx, span := t.provider.Tracer(scope).Start(ctx, name, o...)
	return ctx, Span{span}
}

// remote reads the span that a carrier names; what is none, or cannot be read, is not valid.
func remote(c propagation.TextMapCarrier) trace.SpanContext {
	return trace.SpanContextFromContext(w3c.Extract(context.Background(), c))
}

// Step starts the span of a part of the work that the context's span is about.
func Step(ctx context.Context, name string) (context.Context, Span) { return below(ctx, name) }

// Call starts the span of a request to somebody else.
func Call(ctx context.Context, name string) (context.Context, Span) {
	return below(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
}

func below(ctx context.Context, name string, o ...trace.SpanStartOption) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.SpanContext().IsValid() {
		return ctx, Span{}
	}
	ctx, span := parent.TracerProvider().Tracer(scope).Start(ctx, name, o...)
	return ctx, Span{span}
}

// Parent returns the context's span as a text that Continue reads elsewhere, also when the span is not
// recorded, so that nothing below it is either. Without a span it is "".
func Parent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	w3c.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// Inject names the context's span in the header of a request, unless the header names one already.
func Inject(ctx context.Context, h http.Header) {
	if h.Get("Traceparent") == "" && trace.SpanContextFromContext(ctx).IsValid() {
		w3c.Inject(ctx, propagation.HeaderCarrier(h))
	}
}

// ID returns the ID of the context's trace, or "".
func ID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}
