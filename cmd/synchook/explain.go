package main

import (
	"errors"
	"fmt"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"connectrpc.com/connect"

	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// explainDeploy turns an error of the server into sentences for a terminal. Violations name the sync
// that they are about, whose place in the request nobody knows.
func explainDeploy(err error, url string, syncs []*synchookv1.SyncDefinition) error {
	return explain("deploying to "+url, err, func(v *validate.Violation) string { return violationLine(v, syncs) })
}

// fieldLine names the field that is at fault, and says why.
func fieldLine(v *validate.Violation) string {
	return protovalidate.FieldPathString(v.GetField()) + ": " + v.GetMessage()
}

// explain turns an error of the server into sentences for a terminal.
func explain(doing string, err error, violationLine func(*validate.Violation) string) error {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	what := failed.Message()
	var lines []string
	for _, detail := range failed.Details() {
		value, err := detail.Value()
		if err != nil {
			continue // of a type that a newer server knows
		}
		switch v := value.(type) {
		case *synchookv1.Problem:
			lines = append(lines, "\n  "+v.GetHelp())
		case *validate.Violations:
			what = "the request is not valid"
			for _, violation := range v.GetViolations() {
				lines = append(lines, "\n  "+violationLine(violation))
			}
		}
	}
	if failed.Code() == connect.CodeUnavailable && !connect.IsWireError(err) {
		lines = append(lines, "\n  Is synchook running there? `synchook dev` starts it; --url or SYNCHOOK_URL says where it is.")
	}
	return fmt.Errorf("%s: %s%s", doing, what, strings.Join(lines, ""))
}

// violationLine names the sync and the field that are at fault, and says why.
func violationLine(v *validate.Violation, syncs []*synchookv1.SyncDefinition) string {
	path := v.GetField()
	elements := path.GetElements()
	if len(elements) < 2 || elements[0].GetFieldName() != "syncs" || elements[0].GetIndex() >= uint64(len(syncs)) {
		return protovalidate.FieldPathString(path) + ": " + v.GetMessage()
	}
	s := syncs[elements[0].GetIndex()]
	rest := &validate.FieldPath{Elements: elements[1:]}
	return fmt.Sprintf("%s/%s: %s: %s", s.GetProviderConfigKey(), s.GetSyncName(), protovalidate.FieldPathString(rest), v.GetMessage())
}
