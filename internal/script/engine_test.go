package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/proxy"
)

// fakeHost notes what a run does as lines of text. A function field that is
// nil does nothing and succeeds.
type fakeHost struct {
	mu    sync.Mutex
	lines []string

	proxy func(context.Context, proxy.Request) (proxy.Response, error)
	write func(context.Context) error
}

func (h *fakeHost) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

func (h *fakeHost) Proxy(ctx context.Context, r proxy.Request) (proxy.Response, error) {
	if h.proxy != nil {
		return h.proxy(ctx, r)
	}
	return proxy.Response{Status: 200}, nil
}

func (h *fakeHost) writeRecords(ctx context.Context, verb, model string, records []Record) error {
	var payloads []string
	for _, r := range records {
		payloads = append(payloads, r.ID+"="+string(r.Payload))
	}
	h.note("%s %s %s", verb, model, strings.Join(payloads, " "))
	if h.write != nil {
		return h.write(ctx)
	}
	return nil
}

func (h *fakeHost) Save(ctx context.Context, model string, records []Record) error {
	return h.writeRecords(ctx, "save", model, records)
}

func (h *fakeHost) Update(ctx context.Context, model string, records []Record) error {
	return h.writeRecords(ctx, "update", model, records)
}

func (h *fakeHost) Delete(_ context.Context, model string, ids []string) error {
	h.note("delete %s %s", model, strings.Join(ids, " "))
	return nil
}

func (h *fakeHost) Connection(context.Context) ([]byte, error) {
	return []byte(`{"connection_id":"user-1"}`), nil
}

func (h *fakeHost) Metadata(context.Context) ([]byte, error) { return nil, nil }

func (h *fakeHost) SetMetadata(_ context.Context, metadata []byte) error {
	h.note("set %s", metadata)
	return nil
}

func (h *fakeHost) UpdateMetadata(_ context.Context, metadata []byte) error {
	h.note("merge %s", metadata)
	return nil
}

func (h *fakeHost) Log(_ context.Context, level, message string) { h.note("%s: %s", level, message) }

// engine is shared by the tests that need no limits of their own.
var engine = New(Limits{Timeout: 20 * time.Second, LogLines: 10})

// input bundles a script and returns a run of it.
func input(t testing.TB, text string) Input {
	t.Helper()
	b := bundle(t, text)
	return Input{Code: b.Code, SourceMap: b.SourceMap, Run: Facts{
		ConnectionID: "user-1", ProviderConfigKey: "github", Provider: "github", SyncID: "syn_1",
		SyncName: "issues", RunID: "run_1", EnvironmentName: "dev", Models: []string{"Issue", "Label"},
	}}
}

// body wraps statements in a script's default export.
func body(statements string) string {
	return "export default async function fetchData(nango: any) {\n" + statements + "\n}"
}

// wantLines runs a script and compares what it did.
func wantLines(t *testing.T, h *fakeHost, in Input, want ...string) {
	t.Helper()
	if err := engine.Run(t.Context(), in, h); err != nil {
		t.Fatalf("run: %v", err)
	}
	if !slices.Equal(h.lines, want) {
		t.Errorf("the run did\n%s\nwant\n%s", strings.Join(h.lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestAScriptFetchesSavesAndLogs(t *testing.T) {
	t.Parallel()
	h := &fakeHost{proxy: func(_ context.Context, r proxy.Request) (proxy.Response, error) {
		if r.Method != "GET" || r.Endpoint != "/issues" || r.Query != "state=open&label=a&label=b+c" || r.Retries != 3 {
			return proxy.Response{}, fmt.Errorf("unexpected request %+v", r)
		}
		return proxy.Response{Status: 200, StatusText: "OK", Header: map[string]string{"x-total": "2"},
			Body: []byte(`[{"number":1,"title":"é"},{"number":2,"title":"b"}]`)}, nil
	}}
	in := input(t, body(`
		const res = await nango.get({ endpoint: '/issues', params: { state: 'open', label: ['a', 'b c'], none: undefined }, retries: 3 });
		await nango.log('got', res.headers['x-total'], { level: 'debug' });
		console.warn('status', res.status, res.statusText, { a: 1 });
		await nango.batchSave(res.data.map((i: any) => ({ title: i.title, id: i.number })), 'Issue');
		await nango.batchUpdate([{ id: 1, title: 'c' }], 'Issue');
		await nango.batchDelete([{ id: 'x' }, { id: 2 }], 'Label');
		await nango.setMetadata({ a: 1 });
		await nango.updateMetadata({ b: 2 });
		return { Label: [{ id: 'r' }], note: 'ignored' };`))
	wantLines(t, h, in,
		"debug: got 2",
		`warn: status 200 OK {"a":1}`,
		`save Issue 1={"title":"é","id":1} 2={"title":"b","id":2}`,
		`update Issue 1={"id":1,"title":"c"}`,
		"delete Label x 2",
		`set {"a":1}`,
		`merge {"b":2}`,
		`save Label r={"id":"r"}`,
	)
}

func TestAScriptKnowsItsRun(t *testing.T) {
	t.Parallel()
	in := input(t, body(`
		const { connectionId, providerConfigKey, provider, syncId, syncJobId, syncName, environmentName, track_deletes, scriptType } = nango;
		console.log(connectionId, providerConfigKey, provider, syncId, syncJobId, syncName, environmentName, track_deletes, scriptType);
		console.log(nango.lastSyncDate instanceof Date, nango.lastSyncDate, nango.webhook === undefined);
		console.log(await nango.getConnection(), await nango.getMetadata());`))
	date := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	in.Run.LastSyncDate, in.Run.TrackDeletes = &date, true
	wantLines(t, &fakeHost{}, in,
		"info: user-1 github github syn_1 run_1 issues dev true sync",
		`info: true "2026-01-02T03:04:05.006Z" true`,
		`info: {"connection_id":"user-1"} {}`,
	)
}

func TestAWebhookReachesTheFunctionThatIsThereForIt(t *testing.T) {
	t.Parallel()
	const show = `(who: string) => async (nango: any, payload: any) => { console.log(who, JSON.stringify(payload), nango.webhook?.type, nango.webhook?.headers['x-a']) }`
	for _, test := range []struct{ name, text, webhook, plain string }{
		{"onWebhookPayloadReceived", `const show = ` + show + `; export default show('default'); export const onWebhook = show('second'); export const onWebhookPayloadReceived = show('first')`, "first", "default"},
		{"onWebhook", `const show = ` + show + `; export default show('default'); export const onWebhook = show('second')`, "second", "default"},
		{"fetchData", `const show = ` + show + `; export default show('default')`, "default", "default"},
		{"createSync with onWebhook", `import { createSync } from 'nango'; const show = ` + show + `; export default createSync({ exec: show('exec'), onWebhook: show('hook') })`, "hook", "exec"},
		{"createSync", `import { createSync } from 'nango'; const show = ` + show + `; export default createSync({ exec: show('exec') })`, "exec", "exec"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := input(t, test.text)
			wantLines(t, &fakeHost{}, in, "info: "+test.plain+" undefined undefined undefined")
			in.Webhook = &Webhook{Payload: []byte(`{"n":1}`), Headers: map[string]string{"x-a": "y"}, EventType: "issues"}
			wantLines(t, &fakeHost{}, in, "info: "+test.webhook+` {"n":1} issues y`)
		})
	}
}

func TestAnErrorNamesTheLineOfTheTypeScriptFile(t *testing.T) {
	t.Parallel()
	notFound := func(context.Context, proxy.Request) (proxy.Response, error) {
		return proxy.Response{Status: 404, StatusText: "Not Found", Body: []byte(`{"why":"gone"}`)}, nil
	}
	for _, test := range []struct {
		name, text string
		want       ScriptError
	}{
		{"thrown", "interface A { x: string }\n\nexport default async (nango: any) => {\n  const a: A | null = null;\n  return a!.x;\n}",
			ScriptError{Name: "TypeError", Message: "cannot read property 'x' of null", File: "script.ts", Line: 5}},
		{"after an await", body("await null;\nthrow new RangeError('no');"), ScriptError{Name: "RangeError", Message: "no", File: "script.ts", Line: 3}},
		{"of a request", body("\nawait nango.get({ endpoint: '/a' });"), ScriptError{Name: "AxiosError", Message: "Request failed with status code 404", File: "script.ts", Line: 3}},
		{"of a batch", body("await nango.log('x');\n\nawait nango.batchSave([{}], 'Issue');"),
			ScriptError{Name: "Error", Message: `nango.batchSave: record 1 of Issue: it has no id: give each record a string or number "id" that is the same every time the record is saved`, File: "script.ts", Line: 4}},
		{"of a batch that is none", body("await nango.batchSave({ id: 1 }, 'Issue');"),
			ScriptError{Name: "TypeError", Message: "nango.batchSave: the first argument must be an array of records, and it is of type object", File: "script.ts", Line: 2}},
		{"of a model that is none", body("await nango.batchSave([], 'Isue');"),
			ScriptError{Name: "Error", Message: `nango.batchSave: "Isue" is not a model of this sync; its models are Issue, Label: add it to the sync's output or correct the name`, File: "script.ts", Line: 2}},
		{"while loading", "const a = 1;\nthrow new Error('top');", ScriptError{Name: "Error", Message: "top", File: "script.ts", Line: 2}},
		{"in a timer", body("await new Promise(() => setTimeout(() => {\n  throw new Error('late') }, 1));"), ScriptError{Name: "Error", Message: "late", File: "script.ts", Line: 3}},
		{"ActionError", body("throw new nango.ActionError({ message: 'mine', code: 7 });"), ScriptError{Name: "ActionError", Message: "mine", File: "script.ts", Line: 2}},
		{"not an Error", body("throw { code: 7 };"), ScriptError{Name: "Error", Message: `{"code":7} (thrown as a value that is no Error)`}},
		{"of a method that is missing", body("await nango.getToken();"), ScriptError{Name: "TypeError", File: "script.ts", Line: 2,
			Message: "nango.getToken is not available in synchook yet; available: ActionError, batchDelete, batchSave, batchSend, batchUpdate, connectionId, delete, environmentName, get, getConnection, getMetadata, lastSyncDate, log, paginate, patch, post, provider, providerConfigKey, proxy, put, scriptType, setMetadata, syncId, syncJobId, syncName, track_deletes, updateMetadata, variant, webhook"}},
		{"no function to run", "export const x = 1", ScriptError{Name: "TypeError", Message: "the script has no default export to run: write `export default async function fetchData(nango) { ... }`"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got *ScriptError
			err := engine.Run(t.Context(), input(t, test.text), &fakeHost{proxy: notFound})
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if test.want.File != "" && !strings.Contains(got.Stack, fmt.Sprintf("(%s:%d:", test.want.File, test.want.Line)) {
				t.Errorf("the stack does not name the place:\n%s", got.Stack)
			}
			if test.want.File != "" {
				wantExcerpt(t, got, test.text)
			}
			got.Stack, got.Source = "", nil
			if *got != test.want {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
		})
	}
}

// wantExcerpt fails unless the error has the source around its line.
func wantExcerpt(t *testing.T, e *ScriptError, text string) {
	t.Helper()
	source := strings.Split(text, "\n")
	x := e.Source
	if x == nil || x.File != e.File || x.Line != e.Line || x.First != max(1, e.Line-excerptAround) {
		t.Fatalf("the excerpt of line %d is %+v", e.Line, x)
	}
	if want := source[x.First-1 : min(len(source), e.Line+excerptAround)]; !slices.Equal(x.Lines, want) {
		t.Errorf("the excerpt is %q, want %q", x.Lines, want)
	}
}

func TestASyntaxErrorInStoredCodeIsAScriptError(t *testing.T) {
	t.Parallel()
	var got *ScriptError
	if err := engine.Run(t.Context(), Input{Code: "let = ;"}, &fakeHost{}); !errors.As(err, &got) || got.Name != "SyntaxError" {
		t.Errorf("got %v", err)
	}
}

func TestRequestsOfOnePromiseAllAreMadeTogether(t *testing.T) {
	t.Parallel()
	var together sync.WaitGroup
	together.Add(maxParallel)
	h := &fakeHost{proxy: func(_ context.Context, r proxy.Request) (proxy.Response, error) {
		if r.Query == "first" {
			together.Done()
			together.Wait() // returns only if all sixteen are here at once
		}
		return proxy.Response{Status: 200, Body: []byte(r.Endpoint)}, nil
	}}
	in := input(t, body(`
		const first = Array.from({ length: 16 }, (_, i) => nango.get({ endpoint: String(i), params: 'first' }));
		const more = Array.from({ length: 20 }, (_, i) => nango.get({ endpoint: String(i + 16) }));
		const all = await Promise.all([...first, ...more]);
		console.log(all.every((res, i) => res.data === i), all.length);`))
	wantLines(t, h, in, "info: true 36")
}

func TestWritesKeepTheirOrderAndAreSplit(t *testing.T) {
	t.Parallel()
	h := &fakeHost{}
	in := input(t, body(`
		nango.batchSave(Array.from({ length: 1001 }, (_, id) => ({ id })), 'Issue');
		nango.batchDelete([{ id: 1 }], 'Issue');`))
	if err := engine.Run(t.Context(), in, h); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, line := range h.lines {
		got = append(got, len(strings.Fields(line))-2)
	}
	if want := []int{500, 500, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("writes of %v records, want %v", got, want)
	}
}

func TestRepeatedRecordsAreLogged(t *testing.T) {
	t.Parallel()
	in := input(t, body(`await nango.batchSave([{ id: 1, v: 1 }, { id: '1', v: 2 }], 'Issue');`))
	wantLines(t, &fakeHost{}, in, `save Issue 1={"id":"1","v":2}`,
		"warn: nango.batchSave: 1 records of Issue came more than once in one batch, such as 1: the last of each counts")
}

func TestAHostsErrorEndsTheRunWhateverTheScriptCatches(t *testing.T) {
	t.Parallel()
	fenced := errors.New("fenced")
	h := &fakeHost{write: func(context.Context) error { return fenced }}
	in := input(t, body(`try { await nango.batchSave([{ id: 1 }], 'Issue') } catch {}; console.log('went on')`))
	if err := engine.Run(t.Context(), in, h); !errors.Is(err, fenced) || len(h.lines) != 1 {
		t.Errorf("got %v after %v", err, h.lines)
	}
}

func TestARefusalThatNobodyAwaitedFailsTheRun(t *testing.T) {
	t.Parallel()
	in := input(t, body(`nango.batchSave([{}], 'Issue')`))
	if err := engine.Run(t.Context(), in, &fakeHost{}); err == nil || !strings.Contains(err.Error(), "did not await") {
		t.Errorf("got %v", err)
	}
}

func TestANetworkErrorIsTheScriptsToCatch(t *testing.T) {
	t.Parallel()
	h := &fakeHost{proxy: func(context.Context, proxy.Request) (proxy.Response, error) {
		return proxy.Response{}, errors.New("connection refused")
	}}
	in := input(t, body(`try { await nango.get({ endpoint: '/' }) } catch (e: any) { console.log(e.message, e.response) }`))
	wantLines(t, h, in, "info: connection refused undefined")
}

func TestALogIsBounded(t *testing.T) {
	t.Parallel()
	h := &fakeHost{}
	if err := engine.Run(t.Context(), input(t, body(`for (let i = 0; i < 15; i++) console.log('é'.repeat(5000))`)), h); err != nil {
		t.Fatal(err)
	}
	if len(h.lines) != 11 || !strings.HasPrefix(h.lines[10], "warn: 5 more lines were dropped") || !strings.HasSuffix(h.lines[0], "é... (10000 bytes in all)") {
		t.Errorf("%d lines, the last: %s", len(h.lines), h.lines[len(h.lines)-1])
	}
}

func TestOneEngineRunsManyScriptsAtOnce(t *testing.T) {
	t.Parallel()
	in := input(t, body(`await nango.batchSave([{ id: nango.connectionId }], 'Issue');`))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			mine, h := in, &fakeHost{}
			mine.Run.ConnectionID = fmt.Sprint("user-", i)
			want := fmt.Sprintf(`save Issue user-%d={"id":"user-%d"}`, i, i)
			if err := engine.Run(t.Context(), mine, h); err != nil || !slices.Equal(h.lines, []string{want}) {
				t.Errorf("got %v, %v", h.lines, err)
			}
		})
	}
	all.Wait()
}

func BenchmarkRunOfASmallScript(b *testing.B) {
	in := input(b, body(`await nango.batchSave([{ id: 1, title: 'a title' }], 'Issue');`))
	in.Hash = "hash"
	for b.Loop() {
		if err := engine.Run(b.Context(), in, &fakeHost{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDigestOfARecord(b *testing.B) {
	record, _ := json.Marshal(map[string]any{"id": 1, "title": strings.Repeat("x", 200), "labels": []string{"a", "b"}, "user": map[string]any{"login": "l", "id": 7}})
	for b.Loop() {
		if _, err := DigestOf(record); err != nil {
			b.Fatal(err)
		}
	}
}
