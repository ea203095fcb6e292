package script

import (
	"context"
	"fmt"
	"slices"
)

const (
	// maxParallel is how many calls of one run are worked at a time. Writes
	// go one by one beside them.
	maxParallel = 16
	// maxCalls is how many calls a script may have on their way.
	maxCalls = 10_000
)

// question is a call of the runtime for something that takes time.
type question struct {
	id             int
	operation      string
	argument, body string
}

// answer is what became of a question.
type answer struct {
	id int
	// head and body are what the promise is fulfilled with.
	head, body string
	// refusal is what the promise is rejected with, for the script to catch.
	refusal string
	// fatal ends the run: our own fault, which no script can mend.
	fatal error
	// warnings go to the run's log.
	warnings []string
}

// ongoing is a question that has no answer yet.
type ongoing struct {
	size int64
	gate *gate
}

// operation answers a question, in a goroutine of its own.
type operation func(ctx context.Context, h Host, in Input, q question) answer

// operations are all that the runtime can ask for.
var operations = map[string]operation{
	"proxy":          doProxy,
	"batchSave":      doSave,
	"batchUpdate":    doUpdate,
	"batchDelete":    doDelete,
	"getConnection":  doConnection,
	"getMetadata":    doMetadata,
	"setMetadata":    doSetMetadata,
	"updateMetadata": doUpdateMetadata,
}

// onCall takes a question: its ID, operation, argument and body. The body may
// be missing.
func (r *run) onCall(args []any) (any, error) {
	id, _ := args[0].(int)
	q := question{id: id, operation: text(args, 1), argument: text(args, 2), body: text(args, 3)}
	do, known := operations[q.operation]
	size := int64(len(q.argument) + len(q.body))
	switch {
	case !known:
		return nil, fmt.Errorf("nango.%s is not known", q.operation)
	case len(r.calls) >= maxCalls:
		return nil, fmt.Errorf("nango.%s: %d calls are on their way already: await some of them first", q.operation, maxCalls)
	case r.held+size > r.limits.Memory:
		return nil, fmt.Errorf("nango.%s: more than %d MiB wait to be sent: await the calls before, or send less at a time", q.operation, r.limits.Memory>>20)
	}
	g := r.gateOf(q.operation)
	r.calls[q.id] = ongoing{size: size, gate: g}
	r.held += size
	g.enter(func() { r.work(do, q) })
	return nil, nil
}

// gateOf returns the gate of an operation: writes keep their order.
func (r *run) gateOf(operation string) *gate {
	if slices.Contains([]string{"batchSave", "batchUpdate", "batchDelete", "setMetadata", "updateMetadata"}, operation) {
		return &r.writes
	}
	return &r.reads
}

// work answers a question in a goroutine that ends with the run at the latest.
func (r *run) work(do operation, q question) {
	ctx, h, in, answers := r.ctx, r.host, r.in, r.answers
	r.working.Go(func() {
		a := do(ctx, h, in, q)
		a.id = q.id
		select {
		case answers <- a:
		case <-ctx.Done():
		}
	})
}

// answer hands an answer to the script. A refusal that comes after the
// script's end was awaited by nobody, and fails the run.
func (r *run) answer(a answer) error {
	call := r.calls[a.id]
	delete(r.calls, a.id)
	r.held -= call.size
	call.gate.leave()
	for _, warning := range a.warnings {
		r.log.write(r.ctx, "warn", warning)
	}
	switch {
	case a.fatal != nil:
		return a.fatal
	case a.refusal != "" && r.ended:
		return &ScriptError{Name: "Error", Message: a.refusal + " (in a call that the script did not await)"}
	case a.refusal != "":
		return r.tell(a.id, a.refusal)
	default:
		return r.tell(a.id, nil, a.head, a.body)
	}
}
