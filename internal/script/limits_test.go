package script

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/proxy"
)

// onePage answers each request with the same page.
func onePage(context.Context, proxy.Request) (proxy.Response, error) {
	return proxy.Response{Status: 200, Header: map[string]string{}, Body: []byte("[1]")}, nil
}

// attack runs a script that means harm and then one that does not, and returns
// the error of the first.
func attack(t *testing.T, on *Engine, h Host, statements string) error {
	t.Helper()
	err := on.Run(t.Context(), input(t, body(statements)), h)
	wantLines(t, &fakeHost{}, input(t, body(`console.log('fine')`)), "info: fine")
	return err
}

func TestAScriptThatNeverEndsIsStoppedAtItsTimeLimit(t *testing.T) {
	t.Parallel()
	hurried := New(Limits{Timeout: 200 * time.Millisecond, Memory: 256 << 20})
	for name, statements := range map[string]string{
		"endless loop":               `for (;;);`,
		"loop that catches":          `while (true) { try { for (;;); } finally { continue } }`,
		"loop that catches later":    `while (true) { try { await null; for (;;); } catch {} }`,
		"endless microtasks":         `for (;;) await null;`,
		"endless chain":              `const spin = () => { Promise.resolve().then(spin) }; spin(); await new Promise((done) => setTimeout(done, 1e6));`,
		"catastrophic regex":         `/^(a+)+$/.test('a'.repeat(40) + 'b');`,
		"long searches":              `const a = new Array(3e5).fill(1); for (;;) a.indexOf(2);`,
		"long parses":                `const a = JSON.stringify(new Array(1e5).fill(1)); for (;;) JSON.parse(a);`,
		"long sorts":                 `const a = Array.from({ length: 1e4 }, (_, i) => -i); for (;;) a.toSorted();`,
		"endless wait":               `await new Promise((done) => setTimeout(done, 1e6));`,
		"endless timers":             `const again = () => { setTimeout(again, 0) }; again(); await new Promise((done) => setTimeout(done, 1e6));`,
		"endless calls":              `for (;;) await nango.getMetadata();`,
		"endless pages":              `for await (const page of nango.paginate({ endpoint: '/', paginate: { type: 'offset', offset_name_in_request: 'o' } }));`,
		"a run that catches its end": `try { for (;;); } catch { for (;;); }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := attack(t, hurried, &fakeHost{proxy: onePage}, statements); !errors.Is(err, ErrTimeout) || errors.Is(err, ErrUnstoppable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAScriptThatWantsTooMuchMeetsItsLimit(t *testing.T) {
	t.Parallel()
	roomy := New(Limits{Timeout: time.Minute, Memory: 16 << 20})
	for _, test := range []struct {
		name, statements string
		want             error
	}{
		{"recursion", `const f = (): number => f() + 1; f();`, ErrStack},
		{"recursion after an await", `await null; const f = (): number => f() + 1; f();`, ErrStack},
		{"deep JSON", `JSON.parse('['.repeat(1e5));`, ErrStack},
		{"arrays", `const a = []; for (;;) a.push(new Array(100).fill(1));`, ErrMemory},
		{"strings", `const a = []; for (;;) a.push('x'.repeat(1e5) + a.length);`, ErrMemory},
		{"strings after an await", `await null; const a = []; for (;;) a.push('x'.repeat(1e5) + a.length);`, ErrMemory},
		{"promises", `const a = []; for (;;) a.push((async () => { await new Promise(() => {}); return 'x'.repeat(1e4) })(), 'x'.repeat(1e4) + a.length);`, ErrMemory},
		{"a large response", `const { data } = await nango.get({ endpoint: '/' });`, ErrMemory},
		{"a promise that nothing settles", `await new Promise(() => {});`, ErrStalled},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := &fakeHost{proxy: func(context.Context, proxy.Request) (proxy.Response, error) {
				return proxy.Response{Status: 200, Body: make([]byte, 32<<20)}, nil
			}}
			if err := attack(t, roomy, h, test.statements); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestCallsThatNothingAwaitsAreBounded(t *testing.T) {
	t.Parallel()
	r := &run{limits: Limits{Memory: 8 << 20}, calls: map[int]ongoing{}}
	r.held = 5 << 20
	_, err := r.onCall([]any{1, "proxy", "", strings.Repeat("x", 4<<20)})
	if want := "nango.proxy: more than 8 MiB wait to be sent: await the calls before, or send less at a time"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for id := range maxCalls {
		r.calls[id] = ongoing{}
	}
	_, err = r.onCall([]any{maxCalls, "getMetadata", "", ""})
	if want := "nango.getMetadata: 10000 calls are on their way already: await some of them first"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestARunThatCannotBeStoppedIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, ErrTimeout)
	defer cancel()
	e := New(Limits{})
	e.grace = time.Millisecond
	end := make(chan struct{})
	defer close(end)
	err := explain(ctx, e.limits, "", e.supervise(ctx, func() error {
		<-end
		return nil
	}))
	if !errors.Is(err, ErrUnstoppable) || !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestTheCallersCancellationEndsARun(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		body(`await nango.get({ endpoint: '/' });`),
		body(`await nango.get({ endpoint: '/' }).catch(() => {}); for (;;);`),
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		lost := errors.New("the lease was lost")
		h := &fakeHost{proxy: func(ctx context.Context, _ proxy.Request) (proxy.Response, error) {
			cancel(lost)
			<-ctx.Done()
			return proxy.Response{}, ctx.Err()
		}}
		err := engine.Run(ctx, input(t, text), h)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, lost) {
			t.Errorf("got %v", err)
		}
	}
}

func TestARunThatIsCancelledBeforeItBeginsDoesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := &fakeHost{}
	if err := engine.Run(ctx, input(t, body(`console.log('ran')`)), h); !errors.Is(err, context.Canceled) || len(h.lines) > 0 {
		t.Errorf("got %v after %v", err, h.lines)
	}
}
