package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"connectrpc.com/connect"
)

// edge is the outermost interceptor: it makes errors fit to be shown, notes how each call ended, ends
// calls that take too long, and ends streams when the server stops.
type edge struct {
	stopping context.Context //nolint:containedctx // the server's life
}

// WrapUnary implements connect.Interceptor.
func (e *edge) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (res connect.AnyResponse, err error) {
		err = within(ctx, timeFor(req.Spec().Procedure), func(ctx context.Context) error {
			res, err = next(ctx, req)
			return err
		})
		if err := e.end(ctx, req.Spec(), err); err != nil {
			return nil, err
		}
		return res, nil
	}
}

// WrapStreamingClient implements connect.Interceptor. Handlers have no clients.
func (e *edge) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor.
func (e *edge) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(e.stopping, func() { cancel(errStopping) })()
		return e.end(ctx, conn.Spec(), next(ctx, conn))
	}
}

// end notes how the call ended and returns the error to show.
func (e *edge) end(ctx context.Context, spec connect.Spec, err error) error {
	c := callOf(ctx)
	if err == nil {
		c.code = "ok"
		return nil
	}
	shown := rpcError(ctx, inputOf(spec), err)
	c.code, c.err = shown.Code().String(), err
	return shown
}

// recovered makes a panic an error that nobody outside sees.
func recovered(_ context.Context, _ connect.Spec, _ http.Header, panicked any) error {
	return panicError(panicked)
}

// panicError is the error of a panic, with the stack that led to it. It is called while that stack is
// still there.
func panicError(panicked any) error {
	return fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
}
