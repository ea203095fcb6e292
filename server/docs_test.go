package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/synchook/synchook/internal/docsite"
	"github.com/synchook/synchook/server"
)

// twoPages are docs of two pages.
func twoPages(t *testing.T) func(*server.Options) {
	t.Helper()
	site, err := docsite.New(fstest.MapFS{
		"index.md":   {Data: []byte("# Docs\n\n- [Records](records.md)\n")},
		"records.md": {Data: []byte("# Records\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *server.Options) { o.Docs = site }
}

func TestTheDocsAreServedToEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoPages(t))
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/docs/":          {200, `<a href="/docs/records">Records</a>`},
		"/docs/records":   {200, "<h1"},
		"/docs/style.css": {200, "color-scheme"},
		"/docs/nothing":   {404, "There is no such page"},
	} {
		for range 2 { // made, and kept
			got := w.send(http.MethodGet, path, http.Header{}, http.NoBody)
			if got.status != want.status || !strings.Contains(got.text, want.text) {
				t.Errorf("%s: %d %s", path, got.status, got.text)
			}
			if policy := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self';") || strings.Contains(policy, "script") {
				t.Errorf("%s: policy %q", path, policy)
			}
		}
	}
	first := w.send(http.MethodGet, "/docs/records", http.Header{}, http.NoBody)
	if again := w.send(http.MethodGet, "/docs/records", http.Header{"If-None-Match": {first.header.Get("Etag")}}, http.NoBody); again.status != http.StatusNotModified {
		t.Errorf("a page that a browser has: %d", again.status)
	}
}

func TestAServerWithoutDocsSaysThatNothingIsThere(t *testing.T) {
	t.Parallel()
	if got := newWorld(t).send(http.MethodGet, "/docs/", http.Header{}, http.NoBody); got.status != http.StatusNotFound {
		t.Errorf("%d %s", got.status, got.text)
	}
}
