package synchook

import "errors"

// Kind says which sort of fault a Fault is; the HTTP edge translates it into a status, once.
type Kind int

// The kinds of faults.
const (
	// KindInvalid is a request that can never succeed as it stands.
	KindInvalid Kind = iota + 1
	// KindNotFound is a name or ID that names nothing.
	KindNotFound
	// KindExists is a name that is taken.
	KindExists
	// KindConflict is a change that is based on what has changed since.
	KindConflict
	// KindState is a wish that the thing's present state does not allow.
	KindState
	// KindUnavailable is a fault of ours that passes: try again.
	KindUnavailable
	// KindUnauthenticated is a missing or wrong key or signature.
	KindUnauthenticated
	// KindForbidden is a key that may not do this.
	KindForbidden
	// KindTooLarge is a body over its limit.
	KindTooLarge
	// KindExhausted is a limit that is reached for now: try again later.
	KindExhausted
)

// Fault is an error that its receiver can act on. All else is an internal error at the edge.
type Fault struct {
	// Kind decides the status.
	Kind Kind
	// Reason is a stable name such as "connection_not_found".
	Reason string
	// Field is the request's field that is at fault, as a proto path. Empty: none in particular.
	Field string
	// Subject is the name or ID that the request gave. Empty: none in particular.
	Subject string
	// Message says what is wrong, without a full stop.
	Message string
	// Help is a sentence that says what to do.
	Help string
	// Err is the cause, for the log. Nil: none.
	Err error
}

// Error returns the message.
func (f *Fault) Error() string {
	if f.Err != nil {
		return f.Message + ": " + f.Err.Error()
	}
	return f.Message
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// NotFound returns the fault of a thing that is not there. Thing is a word such as "connection".
func NotFound(thing, subject string) *Fault {
	return &Fault{
		Kind: KindNotFound, Reason: thing + "_not_found", Subject: subject,
		Message: "there is no " + thing + " " + quote(subject) + " in this project",
		Help:    "Check the name, or list what there is.",
	}
}

// Invalid returns the fault of a field that cannot be taken as it is.
func Invalid(field, message, help string) *Fault {
	return &Fault{Kind: KindInvalid, Reason: "invalid_argument", Field: field, Message: message, Help: help}
}

// IsKind reports whether err is, or wraps, a Fault of the kind.
func IsKind(err error, k Kind) bool {
	var f *Fault
	return errors.As(err, &f) && f.Kind == k
}

func quote(s string) string { return `"` + s + `"` }
