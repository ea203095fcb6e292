package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fence matches a fenced block of Markdown: its info string and its lines.
var fence = regexp.MustCompile("(?ms)^```([^`\n]*)\n(.*?)^```[ \t]*$")

func TestEveryPathThatDocsNameExists(t *testing.T) {
	t.Parallel()
	tops := topFolders(t)
	for _, page := range pages(t) {
		for _, path := range pathsOf(readFile(t, page), filepath.Dir(page), tops) {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s names %s, which does not exist", page, path)
			}
		}
	}
}

// others are folders whose pages are not for readers of the repository: apidoc's is a part of docs/api.md.
var others = []string{"node_modules", "third_party", "testdata", "dist", "apidoc"}

// pages are the Markdown pages: those at the root, below docs, and the README of each folder.
func pages(t *testing.T) []string {
	t.Helper()
	var pages []string
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		name := e.Name()
		if err == nil && e.IsDir() && (slices.Contains(others, name) || strings.HasPrefix(name, ".") && name != "..") {
			return fs.SkipDir
		}
		if filepath.Ext(name) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// topFolders are the folders at the root of the repository.
func topFolders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "bin" {
			names = append(names, e.Name())
		}
	}
	return names
}

var (
	link   = regexp.MustCompile(`\]\(([^)\s#]+)[^)]*\)`)
	quoted = regexp.MustCompile("`([A-Za-z0-9._/-]+)`")
	source = regexp.MustCompile(`\.(go|ts|lua|proto|md|sh)$`)
)

// pathsOf returns the paths of the repository that a page names: by a link, from the page's folder, or
// between backticks, from the page's folder or from the root.
func pathsOf(page, dir string, tops []string) []string {
	page = fence.ReplaceAllString(page, "")
	var paths []string
	for _, m := range link.FindAllStringSubmatch(page, -1) {
		if !strings.Contains(m[1], ":") {
			paths = append(paths, filepath.Join(dir, m[1]))
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(page, -1) {
		top, _, deep := strings.Cut(m[1], "/")
		if !deep || top == "" || !slices.Contains(tops, top) && !source.MatchString(m[1]) {
			continue
		}
		path := filepath.Join(dir, m[1])
		if _, err := os.Stat(path); err != nil {
			path = filepath.Join("..", m[1])
		}
		paths = append(paths, path)
	}
	return paths
}

func TestPathsAreToldFromOtherWords(t *testing.T) {
	t.Parallel()
	const page = "[a](docs/b.md#part) [c](https://example.com/d.md) [e](#here) `server/f.go` `gone/g.go` `net/http` `/webhook/h` `server` " +
		"`bin/synchook` `modernc.org/quickjs`\n```sh\n`server/i.go`\n```\n"
	got, want := pathsOf(page, "..", []string{"server"}), []string{"../docs/b.md", "../server/f.go", "../gone/g.go"}
	if !slices.Equal(got, want) {
		t.Errorf("the paths are %q, want %q", got, want)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
