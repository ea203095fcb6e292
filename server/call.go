package server

import (
	"context"

	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/tracing"
)

// call is what is known about a request while it is served, for its line in the log: who makes it and
// how it ended. Services take the caller from it and pass it on as a parameter.
type call struct {
	caller synchook.Caller
	event  synchook.EventID
	code   string // how it ended; empty: it was refused before our code saw it
	span   tracing.Span
	err    error // the whole error, of which the caller is told a part
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the request's call. Every route that reaches a service has one: a nil one is a fault
// of ours, and stops the request.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// callerOf returns who makes the request.
func callerOf(ctx context.Context) synchook.Caller { return callOf(ctx).caller }

// projectOf returns the project that the request is about, and nothing but it.
func projectOf(ctx context.Context) synchook.ProjectID { return callOf(ctx).caller.Project }
