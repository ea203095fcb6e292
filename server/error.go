package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

// errStopping is why streams end when the server stops.
var errStopping = errors.New("the server is stopping")

// answer is how a fault is shown: as a code to RPC clients, as a status to others.
type answer struct {
	code   connect.Code
	status int
}

// answerTo is the one table from faults to codes and statuses.
func answerTo(k synchook.Kind) answer {
	switch k {
	case synchook.KindInvalid:
		return answer{connect.CodeInvalidArgument, http.StatusBadRequest}
	case synchook.KindNotFound:
		return answer{connect.CodeNotFound, http.StatusNotFound}
	case synchook.KindExists:
		return answer{connect.CodeAlreadyExists, http.StatusConflict}
	case synchook.KindConflict:
		return answer{connect.CodeAborted, http.StatusConflict}
	case synchook.KindState:
		return answer{connect.CodeFailedPrecondition, http.StatusConflict}
	case synchook.KindUnavailable:
		return answer{connect.CodeUnavailable, http.StatusServiceUnavailable}
	case synchook.KindUnauthenticated:
		return answer{connect.CodeUnauthenticated, http.StatusUnauthorized}
	case synchook.KindForbidden:
		return answer{connect.CodePermissionDenied, http.StatusForbidden}
	case synchook.KindTooLarge:
		return answer{connect.CodeResourceExhausted, http.StatusRequestEntityTooLarge}
	case synchook.KindExhausted:
		return answer{connect.CodeResourceExhausted, http.StatusTooManyRequests}
	}
	return answer{connect.CodeInternal, http.StatusInternalServerError}
}

// faultOf returns the fault to show for an error: the one that it is or wraps, and otherwise one that
// tells nothing.
func faultOf(err error) *synchook.Fault {
	var f *synchook.Fault
	if errors.As(err, &f) {
		return f
	}
	return &synchook.Fault{
		Reason: "internal", Message: "internal error",
		Help: "This is a fault of the server; its log says more.",
	}
}

// rpcError returns the error to show for what a method of that input returned.
func rpcError(ctx context.Context, input protoreflect.MessageDescriptor, err error) *connect.Error {
	if ctx.Err() != nil {
		return endedError(ctx)
	}
	var shown *connect.Error
	if errors.As(err, &shown) {
		return shown // made by Connect or the validator: a bad message
	}
	f := faultOf(err)
	message := f.Message
	if f.Field != "" { // for whoever reads the message alone, as the validator's own do
		message = f.Field + ": " + message
	}
	shown = connect.NewError(answerTo(f.Kind).code, errors.New(message))
	if passes(f.Kind) {
		shown.Meta().Set("Retry-After", retryAfter)
	}
	if f.Field != "" {
		addDetail(shown, violations(input, f))
	}
	if f.Field == "" || f.Kind != synchook.KindInvalid {
		addDetail(shown, &v1.Problem{Reason: f.Reason, Subject: f.Subject, Help: f.Help})
	}
	return shown
}

// endedError returns the error of a request whose context has ended, whatever the work that was under
// way says about it.
func endedError(ctx context.Context) *connect.Error {
	code, help := connect.CodeCanceled, "The client ended the request."
	switch {
	case errors.Is(context.Cause(ctx), errStopping):
		code, help = connect.CodeUnavailable, "Connect again: another server, or this one, will be there soon."
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		code, help = connect.CodeDeadlineExceeded, "Give the request more time."
	}
	shown := connect.NewError(code, context.Cause(ctx))
	addDetail(shown, &v1.Problem{Reason: code.String(), Help: help})
	return shown
}

// violations shows a fault of a field as the validator shows its own.
func violations(input protoreflect.MessageDescriptor, f *synchook.Fault) *validate.Violations {
	return &validate.Violations{Violations: []*validate.Violation{{
		Field: fieldPath(input, f.Field), RuleId: proto.String(f.Reason), Message: proto.String(f.Message + ". " + f.Help),
	}}}
}

func addDetail(e *connect.Error, m proto.Message) {
	if d, err := connect.NewErrorDetail(m); err == nil {
		e.AddDetail(d)
	}
}

// retryAfter is how many seconds who met a fault that passes should wait.
const retryAfter = "5"

// passes reports whether the same request can succeed later.
func passes(k synchook.Kind) bool {
	return k == synchook.KindUnavailable || k == synchook.KindExhausted
}

// problem is what an error says to those who do not speak RPC.
type problem struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Help    string `json:"help"`
}

// writeFault answers a request that is no RPC.
func writeFault(w http.ResponseWriter, f *synchook.Fault) {
	if passes(f.Kind) {
		w.Header().Set("Retry-After", retryAfter)
	}
	writeProblem(w, answerTo(f.Kind).status, problem{f.Reason, f.Message, f.Help})
}

func writeProblem(w http.ResponseWriter, status int, p problem) {
	writeJSON(w, status, struct {
		Error problem `json:"error"`
	}{p})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone is no fault of ours
}
