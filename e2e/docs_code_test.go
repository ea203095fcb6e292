package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/synchook/synchook/e2e/rig"
)

// codeBlock is a fenced block of a page.
type codeBlock struct {
	page, language, text string
}

// blocksOf returns the blocks of the pages that are in a language. Those in TypeScript are compiled by the tests of
// clients/typescript, which have the packages.
func blocksOf(t *testing.T, language string) []codeBlock {
	t.Helper()
	var blocks []codeBlock
	for _, page := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(readFile(t, page), -1) {
			if info := strings.Fields(m[1]); len(info) > 0 && info[0] == language {
				blocks = append(blocks, codeBlock{page, language, m[2]})
			}
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("no page has a block of %s", language)
	}
	return blocks
}

// Each block in Go is a program of this module, in a folder that only the compiler sees.
func TestTheGoOfThePagesCompiles(t *testing.T) {
	t.Parallel()
	folder, root := t.TempDir(), rig.Root()
	overlay, packages := map[string]string{}, []string{}
	for i, b := range blocksOf(t, "go") {
		name := fmt.Sprintf("docsblock%d", i)
		file := filepath.Join(folder, name+".go")
		if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(root, "e2e", name, "main.go")] = file
		packages = append(packages, "./e2e/"+name)
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(overlayFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", os.DevNull, "-overlay", overlayFile}, packages...)...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// pythonHarness holds the page's function to what every client of synchook is held to.
const pythonHarness = `

import sys
vectors = json.load(open(sys.argv[1]))
for case in vectors["webhooks"]:
    try:
        verify_webhook(case["body"].encode(), case["headers"], case["secrets"], vectors["now"])
        refused = ""
    except ValueError as error:
        refused = str(error)
    if case["error"] != "body" and bool(refused) != bool(case["error"]):  # the page's function takes any JSON
        sys.exit(f"{case['name']}: refused as {refused!r}, want {case['error']!r}")
`

func TestThePythonOfThePagesVerifiesAsTheClientsDo(t *testing.T) {
	t.Parallel()
	vectors := filepath.Join(rig.Root(), "clients", "testdata", "webhooks.json")
	for _, b := range blocksOf(t, "python") {
		program := filepath.Join(t.TempDir(), "receiver.py")
		if err := os.WriteFile(program, []byte(b.text+pythonHarness), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "python3", program, vectors).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", b.page, err, out)
		}
	}
}

func TestTheShellOfThePagesCanBeRead(t *testing.T) {
	t.Parallel()
	for _, b := range blocksOf(t, "sh") {
		shell := exec.CommandContext(t.Context(), "bash", "-n")
		shell.Stdin = strings.NewReader(b.text)
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s%s", b.page, err, out, b.text)
		}
	}
}

func TestTheJSONAndYAMLOfThePagesCanBeRead(t *testing.T) {
	t.Parallel()
	for _, b := range blocksOf(t, "json") {
		if !json.Valid([]byte(b.text)) {
			t.Errorf("%s: this is no JSON:\n%s", b.page, b.text)
		}
	}
	for _, b := range blocksOf(t, "yaml") {
		var value any
		if err := yaml.Unmarshal([]byte(b.text), &value); err != nil {
			t.Errorf("%s: %v:\n%s", b.page, err, b.text)
		}
	}
}

// TestEveryBlockIsHeldToSomething fails for a language that no test looks at.
func TestEveryBlockIsHeldToSomething(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"go": true, "python": true, "sh": true, "json": true, "yaml": true, "ts": true, "text": true}
	for _, page := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(readFile(t, page), -1) {
			if info := strings.Fields(m[1]); len(info) == 0 || !known[info[0]] {
				t.Errorf("%s: no test knows the language of a block:\n%s", page, m[2])
			}
		}
	}
}
