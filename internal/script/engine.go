package script

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/proxy"
)

// Limits bound one run. The zero value means the defaults.
type Limits struct {
	// Memory is what the script may allocate in bytes; zero means 128 MiB.
	// The bodies that wait at the border to Go count once more, up to the
	// same bound.
	Memory int64
	// Stack is how many calls may be nested; zero means the engine's default
	// of 5,000.
	Stack int
	// Timeout bounds the run from its start to its end, waiting included;
	// zero means 5 minutes.
	Timeout time.Duration
	// LogLines is how many lines a run may write to its log; zero means
	// 1,000. What comes after is counted and dropped.
	LogLines int
}

// withDefaults replaces the zeros.
func (l Limits) withDefaults() Limits {
	if l.Memory <= 0 {
		l.Memory = 128 << 20
	}
	if l.Timeout <= 0 {
		l.Timeout = 5 * time.Minute
	}
	if l.LogLines <= 0 {
		l.LogLines = 1000
	}
	return l
}

// Input is one run of one script.
type Input struct {
	// Code and SourceMap are a Bundled's. Without a source map, errors name
	// the lines of the bundle.
	Code, SourceMap string
	// Hash names the Code in the cache of compiled programs. It must be a
	// hash of the content, and be taken by us; empty means that the engine
	// takes it at each run.
	Hash string
	// Run is what the script can read about the run it is in.
	Run Facts
	// Webhook is the item that triggered the run; nil for other triggers.
	Webhook *Webhook
}

// Facts are what a script can read about its run, on the nango object.
type Facts struct {
	ConnectionID      string
	ProviderConfigKey string
	Provider          string
	SyncID            string
	SyncName          string
	// RunID is what scripts call syncJobId.
	RunID           string
	EnvironmentName string
	// LastSyncDate is nil until a scheduled or manual run has succeeded.
	LastSyncDate *time.Time
	TrackDeletes bool
	// Models are the models that the script may write.
	Models []string
}

// Webhook is one item of an event, as the script sees it.
type Webhook struct {
	// Payload is the parsed body as JSON.
	Payload []byte
	// Headers have lower-case names.
	Headers map[string]string
	// EventType is the provider's name for what happened.
	EventType string
}

// Host is what a run can do in the world. Its methods are called from
// several goroutines, Log from one, and must return soon after the context
// ends: a run waits for them. An error of Proxy is the script's to catch. An
// error of any other method ends the run and is what Run returns, wrapped.
type Host interface {
	// Proxy makes a request with the connection's credentials.
	Proxy(ctx context.Context, r proxy.Request) (proxy.Response, error)
	// Save stores records, at most 500 at a time and no ID twice. Writes of
	// one run come one after the other, in the order the script made them.
	Save(ctx context.Context, model string, records []Record) error
	// Update merges the payloads, which may be partial, into stored records.
	Update(ctx context.Context, model string, records []Record) error
	// Delete marks records as deleted.
	Delete(ctx context.Context, model string, ids []string) error
	// Connection returns the connection as the JSON object scripts know.
	Connection(ctx context.Context) ([]byte, error)
	// Metadata returns the connection's metadata as a JSON object.
	Metadata(ctx context.Context) ([]byte, error)
	// SetMetadata replaces the connection's metadata by a JSON object.
	SetMetadata(ctx context.Context, metadata []byte) error
	// UpdateMetadata replaces the given keys of the connection's metadata.
	UpdateMetadata(ctx context.Context, metadata []byte) error
	// Log adds a line to the run's log. The level is debug, info, warn or
	// error.
	Log(ctx context.Context, level, message string)
}

// Engine runs scripts, each run in a fresh JavaScript engine of its own. It
// is safe for concurrent use and bounds one run, not their number: up to
// Limits.Memory is used by each, so its callers hold a semaphore.
type Engine struct {
	limits   Limits
	grace    time.Duration // between the end of the context and ErrUnstoppable
	programs *programs
	runtime  func() (runtimeCode, error)
}

// New returns an engine with the limits.
func New(limits Limits) *Engine {
	return &Engine{
		limits:   limits.withDefaults(),
		grace:    10 * time.Second,
		programs: newPrograms(),
		runtime:  sync.OnceValues(compileRuntime),
	}
}

// Run runs a script to its end: the webhook function with the payload if the
// input has one, else its default export. It returns nil when the script's
// promise fulfilled and everything that it saved was stored. Otherwise the
// error is a [*ScriptError] for what the script threw; [ErrTimeout],
// [ErrMemory], [ErrStack] or [ErrStalled] for a limit it met; the context's
// error if the caller ended it; or that of the host. A run ends within a
// moment of its context; one that cannot be stopped is given up after 10
// seconds, with an error that is ErrUnstoppable too.
func (e *Engine) Run(ctx context.Context, in Input, host Host) error {
	ctx, cancel := context.WithTimeoutCause(ctx, e.limits.Timeout, ErrTimeout)
	defer cancel()
	code, err := e.runtime()
	if err != nil {
		return fmt.Errorf("%w: its runtime does not compile: %w", ErrEngine, err)
	}
	program, err := e.program(in)
	if err != nil {
		return explain(ctx, e.limits, in.SourceMap, err)
	}
	err = e.supervise(ctx, func() error { return execute(ctx, e.limits, in, host, code, program) })
	return explain(ctx, e.limits, in.SourceMap, err)
}

// supervise waits for a run, and beyond the end of its context no longer than
// the grace. A run that has not ended then is inside one built-in operation,
// where the engine never looks at an interrupt; its goroutine ends when that
// operation does.
func (e *Engine) supervise(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace := time.NewTimer(e.grace)
	defer grace.Stop()
	select {
	case err := <-done:
		return err
	case <-grace.C:
		return ErrUnstoppable
	}
}

// program returns the compiled code of the input, from the cache if it can.
func (e *Engine) program(in Input) ([]byte, error) {
	key := in.Hash
	if key == "" {
		sum := sha256.Sum256([]byte(in.Code))
		key = hex.EncodeToString(sum[:])
	}
	if program, found := e.programs.get(key); found {
		return program, nil
	}
	program, err := compile(in.Code, e.limits)
	if err != nil {
		return nil, err
	}
	e.programs.put(key, program)
	return program, nil
}

// execute runs compiled code in a new VM, which does not outlive the call. A
// panic of the engine ends this run and not the process.
func execute(ctx context.Context, limits Limits, in Input, host Host, code runtimeCode, program []byte) (err error) {
	r, err := newRun(ctx, limits, in, host, code.extras)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrEngine, p)
		}
		if closing := r.close(); err == nil {
			err = closing
		}
	}()
	return r.execute(code.main, program)
}
