package script

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sourcemap/sourcemap"
	"modernc.org/quickjs"
)

// The limits that a script can meet, and the two ways in which the run of one
// can fail that are not its own throw. Run returns them wrapped with the limit
// and what to do.
var (
	ErrTimeout = errors.New("the script ran into its time limit")
	ErrMemory  = errors.New("the script ran into its memory limit")
	ErrStack   = errors.New("the script nested its calls too deep")
	ErrStalled = errors.New("the script waits for a promise that nothing will ever settle")
	ErrEngine  = errors.New("the script engine failed")
	// ErrUnstoppable says that a run was given up and goes on: it holds its
	// memory and a CPU until its built-in operation ends.
	ErrUnstoppable = errors.New("the script could not be stopped, because it is inside one endless built-in operation; restart the worker if it stays busy")
)

// ScriptError is an error that the script threw, or that its code could not
// be loaded.
type ScriptError struct {
	// Name and Message are those of the JavaScript error.
	Name, Message string
	// Stack holds one frame a line, innermost first, in the lines of the
	// TypeScript files where the source map knows them.
	Stack string
	// File and Line say where the innermost frame of the script was; empty
	// and zero when it has none.
	File string
	Line int
	// Source is the text around that line; nil when the source map lacks it.
	Source *Excerpt
}

// Error returns one line: where, and what.
func (e *ScriptError) Error() string {
	what := e.Name + ": " + e.Message
	if e.Name == "" {
		what = e.Message
	}
	if e.File == "" {
		return what
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, what)
}

// explain turns what came out of the engine into an error of this package. An
// ended context explains everything that happens after it.
func explain(ctx context.Context, limits Limits, sourceMap string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrUnstoppable) {
		return fmt.Errorf("%w; %w", explainEnd(ctx, limits), err)
	}
	if ctx.Err() != nil {
		return explainEnd(ctx, limits)
	}
	var thrown *quickjs.Error
	if !errors.As(err, &thrown) {
		return err
	}
	switch {
	case isMemory(thrown):
		return fmt.Errorf("%w of %d MiB: fetch and save in smaller pages", ErrMemory, limits.Memory>>20)
	case isStack(thrown):
		return fmt.Errorf("%w: look for a function that calls itself without end", ErrStack)
	}
	return newScriptError(thrown, sourceMap)
}

// explainEnd says who ended the run. The caller's cause is kept beside the
// context's own error, so that errors.Is finds both.
func explainEnd(ctx context.Context, limits Limits) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, ErrTimeout):
		return fmt.Errorf("%w of %s: do less in one run", ErrTimeout, limits.Timeout)
	case errors.Is(cause, ctx.Err()):
		return fmt.Errorf("the run was stopped: %w", cause)
	default:
		return fmt.Errorf("the run was stopped: %w (%w)", cause, ctx.Err())
	}
}

// isMemory recognises an exhausted VM. With no memory left to write the
// message, it throws an InternalError without one; with none left for the
// error itself, null.
func isMemory(e *quickjs.Error) bool {
	if e.Name == "InternalError" {
		return e.Message == "out of memory" || e.Message == ""
	}
	return e.Name == "" && e.Message == "" && e.Error() == "null"
}

// isStack recognises a recursion without end, in code or inside a parser.
func isStack(e *quickjs.Error) bool {
	return e.Message == "stack overflow" && (e.Name == "InternalError" || e.Name == "SyntaxError")
}

// newScriptError translates a JavaScript error and its stack.
func newScriptError(thrown *quickjs.Error, sourceMap string) *ScriptError {
	e := &ScriptError{Name: thrown.Name, Message: thrown.Message}
	if e.Name == "" && e.Message == "" {
		e.Message = thrown.Error()
	}
	sources, _ := sourcemap.Parse("", []byte(sourceMap)) // nil: the bundle's own lines are named
	frames := traced(thrown.Stack, sources)
	lines := make([]string, len(frames))
	for i, f := range frames {
		lines[i] = f.String()
	}
	e.Stack = strings.Join(lines, "\n")
	if len(frames) > 0 {
		e.File, e.Line = frames[0].file, frames[0].line
		e.Source = excerpt(sources, e.File, e.Line)
	}
	return e
}
