package synchookclient

import (
	"errors"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"connectrpc.com/connect"

	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// Problem is what synchook says of a call that it could not answer.
type Problem struct {
	// Code is the kind of the error, the same in each protocol.
	Code connect.Code
	// Reason is a word for programs, such as "endpoint_without_url". Empty: there is none.
	Reason string
	// Message is a sentence for people, and Help says what to do. Help may be empty.
	Message, Help string
	// Violations are what is wrong with fields of the request.
	Violations []Violation
}

// Violation says what is wrong with one field of a request.
type Violation struct {
	// Field is its path in the request, such as "settings.webhook_url" or "scopes[0]".
	Field string
	// Message is a sentence for people.
	Message string
}

// ProblemOf returns what synchook says in an error of a call. Of an error that does not come from it, as when it cannot be
// reached, ok is false.
func ProblemOf(err error) (p Problem, ok bool) {
	var failed *connect.Error
	if !errors.As(err, &failed) || !connect.IsWireError(failed) {
		return p, false
	}
	p = Problem{Code: failed.Code(), Message: failed.Message()}
	for _, detail := range failed.Details() {
		value, err := detail.Value()
		if err != nil {
			continue // of a type that a newer server knows
		}
		switch v := value.(type) {
		case *synchookv1.Problem:
			p.Reason, p.Help = v.GetReason(), v.GetHelp()
		case *validate.Violations:
			for _, violation := range v.GetViolations() {
				p.Violations = append(p.Violations, Violation{protovalidate.FieldPathString(violation.GetField()), violation.GetMessage()})
			}
		}
	}
	return p, true
}
