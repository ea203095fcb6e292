// Package tracing makes the spans by which one can follow an incoming webhook to the customer's app: the
// event, its runs, the requests that their scripts make, and the attempts of what they owe, in one trace
// of OpenTelemetry.
//
// A [Tracer] starts what has no span above it in this process; [Step] and [Call] start what has. The span
// travels in the context, and between processes as the text that [Parent] returns (a "traceparent" of W3C
// Trace Context), which the store keeps in its rows. Everything works on a nil Tracer and on a context
// without a span, and costs next to nothing then: that is how tracing is off.
//
// Who sends a webhook is not trusted to say which trace it belongs to, or whether it is recorded: an
// event's trace is new, and linked to the sender's. A caller of the API has a key, so its trace goes on.
// What fails to be verified leaves no span, so that nobody can flood the collector.
package tracing
