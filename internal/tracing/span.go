package tracing

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Span is a piece of work in a trace. The zero value records nothing.
type Span struct{ span trace.Span }

// Recording reports whether anybody will see what is noted.
func (s Span) Recording() bool { return s.span != nil && s.span.IsRecording() }

// ID returns the ID of the span's trace, or "".
func (s Span) ID() string {
	if s.span == nil {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Note adds facts, the same that the work's line in the log has. Names without a dot, which
// OpenTelemetry's conventions do not define, get the prefix "synchook.". Spans are seen outside: what is
// noted must be fit for a log.
func (s Span) Note(facts ...slog.Attr) {
	if !s.Recording() {
		return
	}
	attributes := make([]attribute.KeyValue, 0, len(facts))
	for _, f := range facts {
		attributes = append(attributes, attributeOf(f))
	}
	s.span.SetAttributes(attributes...)
}

// End ends the span; a failure other than "" says why the work came to nothing.
func (s Span) End(failure string) {
	if s.span == nil {
		return
	}
	if failure != "" {
		s.span.SetStatus(codes.Error, failure)
	}
	s.span.End()
}

// Finish ends the span of work that returned that error. Its text must be fit for a log.
func (s Span) Finish(err error) {
	if err != nil {
		s.End(err.Error())
		return
	}
	s.End("")
}

// attributeOf writes a log's fact as a span's. Durations are in milliseconds, which their name says.
func attributeOf(f slog.Attr) attribute.KeyValue {
	name := f.Key
	if !strings.Contains(name, ".") {
		name = "synchook." + name
	}
	switch v := f.Value.Resolve(); v.Kind() {
	case slog.KindBool:
		return attribute.Bool(name, v.Bool())
	case slog.KindInt64:
		return attribute.Int64(name, v.Int64())
	case slog.KindFloat64:
		return attribute.Float64(name, v.Float64())
	case slog.KindDuration:
		return attribute.Float64(name+"_ms", float64(v.Duration())/float64(time.Millisecond))
	case slog.KindString:
		return attribute.String(name, v.String())
	default:
		return attribute.String(name, fmt.Sprint(v.Any()))
	}
}
