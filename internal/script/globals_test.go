package script

import (
	_ "embed"
	"strings"
	"testing"
)

// globalsScript is run here and was run by Node, which wrote globalsWant.
//
//go:embed testdata/globals.js
var globalsScript string

//go:embed testdata/globals.want
var globalsWant string

func TestTheGlobalsDoWhatNodesDo(t *testing.T) {
	t.Parallel()
	const say = `const out: string[] = [];
		const say = (...a: any[]) => out.push(a.map((x) => typeof x === 'string' ? x : JSON.stringify(x)).join(' '));
		`
	h := &fakeHost{}
	in := input(t, body(say+globalsScript+`console.log(out.join('\n'));`))
	if err := engine.Run(t.Context(), in, h); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimPrefix(strings.Join(h.lines, ""), "info: "), "\n")
	want := strings.Split(strings.TrimSuffix(globalsWant, "\n"), "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) {
			t.Fatalf("%d lines, want %d", len(got), len(want))
		}
		if got[i] != want[i] {
			t.Errorf("line %d\ngot  %s\nwant %s", i+1, got[i], want[i])
		}
	}
}

func TestTheRuntimeIsOnOneLine(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{"main.js", "extras.js"} {
		code, err := bundlePart(entry)
		if err != nil || strings.Contains(strings.TrimSuffix(code, "\n"), "\n") {
			t.Errorf("%s: %v\n%s", entry, err, code)
		}
	}
}

func TestAScriptSeesNothingOfTheBorder(t *testing.T) {
	t.Parallel()
	in := input(t, body(`
		new URL('https://a.example');
		const names = Object.getOwnPropertyNames(globalThis).filter((name) => name.includes('synchook')).sort();
		console.log(names, typeof (globalThis as any).process, typeof (globalThis as any).require);`))
	wantLines(t, &fakeHost{}, in, `info: ["__synchook_ActionError","__synchook_exports"] undefined undefined`)
}
