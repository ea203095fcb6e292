package script

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder writes files into a new folder and returns its path.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// bundle bundles one file's text and fails the test on a fault.
func bundle(t testing.TB, text string) Bundled {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.ts")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b, faults := Bundle(path)
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	return b
}

func TestImportsForTypesOnlyNeedNoFile(t *testing.T) {
	t.Parallel()
	b := bundle(t, `
import type { NangoSync } from '../models';
import { GithubIssue, NangoAction } from './models';
import { type NangoWebhook } from 'gone';
export default async function fetchData(nango: NangoSync): Promise<GithubIssue[]> { return []; }
export const onWebhookPayloadReceived = (nango: NangoAction) => null;
`)
	if want := []string{"default", "onWebhookPayloadReceived"}; !slices.Equal(b.Exports, want) {
		t.Errorf("exports %v, want %v", b.Exports, want)
	}
	if !b.Runnable() || bundle(t, `export const helper = 1`).Runnable() {
		t.Error("runnable means that an export can be called by a run")
	}
}

func TestABundleHoldsTheFilesAndPackagesItNeedsAndNoPathOfTheMachine(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"github/syncs/issues.ts":         `import { createSync } from 'nango'; import { map } from '../map.js'; import five from 'five'; export default createSync({ exec: async () => map(five) })`,
		"github/map.ts":                  `export const map = (n: number) => n * 2`,
		"node_modules/five/package.json": `{"name":"five","main":"index.js"}`,
		"node_modules/five/index.js":     `module.exports = 5`,
		"tsconfig.json":                  `{"compilerOptions":{"verbatimModuleSyntax":true}}`,
	})
	b, faults := Bundle(filepath.Join(dir, "github/syncs/issues.ts"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if !strings.Contains(b.Code, "n * 2") || !strings.Contains(b.Code, "module.exports = 5") {
		t.Errorf("the bundle lacks a file:\n%s", b.Code)
	}
	if strings.Contains(b.Code+b.SourceMap, dir) {
		t.Errorf("the bundle names a path of this machine:\n%s\n%s", b.Code, b.SourceMap)
	}
	if !strings.Contains(b.SourceMap, `"issues.ts"`) {
		t.Errorf("the source map does not name the entry: %s", b.SourceMap)
	}
	if !strings.Contains(b.SourceMap, "n * 2") || strings.Contains(b.SourceMap, "module.exports = 5") || strings.Contains(b.SourceMap, "createAction") {
		t.Errorf("the source map should hold the text of the folder's own files: %s", b.SourceMap)
	}
}

func TestFaultsNameFileLineAndColumn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"syntax", map[string]string{"a.ts": "const x = 1;\nconst = 2;"}, []string{`a.ts:2:7: Expected identifier but found "="`}},
		{"used import of a missing file", map[string]string{"a.ts": "\nimport { x } from './gone'\nexport default () => x"}, []string{`a.ts:2:19: Could not resolve "./gone"`}},
		{"in another file", map[string]string{"a.ts": "import './b'", "b.ts": "let let"}, []string{"b.ts:1:5:"}},
		{"two faults", map[string]string{"a.ts": "import './c'\nimport './d'"}, []string{"a.ts:1:8:", "a.ts:2:8:"}},
		{"no file", nil, []string{"a.ts: Could not resolve"}},
		{"a module of Node", map[string]string{"a.ts": "import { createHash } from 'node:crypto'\nexport default () => createHash('md5')"}, []string{`a.ts:1:28: Could not resolve "node:crypto"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, test.files)
			_, faults := Bundle(filepath.Join(dir, "a.ts"))
			if len(faults) != len(test.want) {
				t.Fatalf("faults %v, want %v", faults, test.want)
			}
			for i, fault := range faults {
				if rel := strings.TrimPrefix(fault.String(), dir+"/"); !strings.HasPrefix(rel, test.want[i]) {
					t.Errorf("fault %q, want %q", rel, test.want[i])
				}
			}
		})
	}
}
