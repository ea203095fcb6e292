package server_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/synchook/synchook/server"
)

// builtDashboard is what a build leaves.
func builtDashboard(o *server.Options) {
	o.Dashboard = fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>the app")}, "index.html.br": {Data: []byte("index in brotli")},
		"assets/app-1a2b.js": {Data: []byte("script")}, "assets/app-1a2b.js.br": {Data: []byte("script in brotli")}, "assets/app-1a2b.js.gz": {Data: []byte("script in gzip")},
		"assets/page-3c4d.js.gz": {Data: gzipped("a page's script")}, "assets/page-3c4d.js.br": {Data: []byte("a page in brotli")},
		"favicon.svg": {Data: []byte("<svg/>")}, ".gitkeep": {Data: nil},
	}
}

func gzipped(text string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text)) // memory
	_ = w.Close()
	return out.Bytes()
}

func TestTheDashboardsFilesAreServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtDashboard)
	const immutable = "public, max-age=31536000, immutable"
	for name, c := range map[string]struct {
		path, accept, encodings   string
		status                    int
		text, encoding, cacheable string
	}{
		"the first page":                  {"/", "text/html", "", 200, "the app", "", "no-cache"},
		"the first page, compressed":      {"/", "text/html", "gzip, br", 200, "index in brotli", "br", "no-cache"},
		"a page of a project":             {"/p/prj_1/deliveries?state=failed", "text/html,*/*;q=0.8", "", 200, "the app", "", "no-cache"},
		"the log-in":                      {"/login", "text/html", "", 200, "the app", "", "no-cache"},
		"a page that a script asks for":   {"/p/prj_1/x.json", "application/json", "", 404, "path_not_found", "", ""},
		"a script":                        {"/assets/app-1a2b.js", "*/*", "", 200, "script", "", immutable},
		"a script in brotli":              {"/assets/app-1a2b.js", "*/*", "gzip, deflate, br", 200, "script in brotli", "br", immutable},
		"a script in gzip":                {"/assets/app-1a2b.js", "*/*", "gzip;q=0.5, br;q=0", 200, "script in gzip", "gzip", immutable},
		"a script that is kept in brotli": {"/assets/page-3c4d.js", "*/*", "br", 200, "a page in brotli", "br", immutable},
		"a script that is expanded":       {"/assets/page-3c4d.js", "*/*", "", 200, "a page's script", "", immutable},
		"a script in no form of ours":     {"/assets/app-1a2b.js", "*/*", "zstd, gzip;q=0.0", 200, "script", "", immutable},
		"a script that is not there":      {"/assets/app-old.js", "text/html", "", 404, "path_not_found", "", ""},
		"a file beside it":                {"/favicon.svg", "*/*", "", 200, "<svg/>", "", "no-cache"},
		"a file that is no page's":        {"/.gitkeep", "*/*", "", 404, "path_not_found", "", ""},
		"a compressed form":               {"/assets/app-1a2b.js.br", "*/*", "", 404, "path_not_found", "", ""},
		"an unknown path":                 {"/api/v1/deliveries", "text/html", "", 404, "path_not_found", "", ""},
		"a service that there is not":     {"/synchook.v1.NoService/Get", "text/html", "", 404, "path_not_found", "", ""},
		"a method that there is not":      {"/synchook.v1.ProjectService/No", "text/html", "", 404, "not found", "", ""},
		"what looks for what lies beside": {"/assets/..%2findex.html", "*/*", "", 404, "path_not_found", "", ""},
	} {
		got := w.send(http.MethodGet, c.path, http.Header{"Accept": {c.accept}, "Accept-Encoding": {c.encodings}}, http.NoBody)
		if got.status != c.status || !strings.Contains(got.text, c.text) || got.header.Get("Content-Encoding") != c.encoding {
			t.Errorf("%s: %d %q %q", name, got.status, got.header.Get("Content-Encoding"), got.text)
		}
		if got.header.Get("Cache-Control") != c.cacheable {
			t.Errorf("%s: cache-control %q", name, got.header.Get("Cache-Control"))
		}
	}
	if got := w.send(http.MethodPost, "/favicon.svg", http.Header{}, http.NoBody); got.status != http.StatusNotFound {
		t.Errorf("a POST: %d", got.status)
	}
}

func TestThePagesRunNoScriptThatIsWrittenIntoThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtDashboard)
	for _, path := range []string{"/", "/assets/app-1a2b.js"} {
		h := w.send(http.MethodGet, path, http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"identity"}}, http.NoBody).header
		policy := h.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestAPageThatABrowserHasIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtDashboard)
	h := http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"br"}}
	h.Set("If-None-Match", w.send(http.MethodGet, "/", h, http.NoBody).header.Get("Etag"))
	if got := w.send(http.MethodGet, "/", h, http.NoBody); got.status != http.StatusNotModified || got.text != "" {
		t.Errorf("%d %q", got.status, got.text)
	}
	h.Set("Accept-Encoding", "identity")
	if got := w.send(http.MethodGet, "/", h, http.NoBody); got.status != http.StatusOK {
		t.Errorf("in another form: %d", got.status)
	}
}

func TestABinaryWithoutADashboardSaysHowToBuildIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.send(http.MethodGet, "/", http.Header{"Accept": {"text/html"}}, http.NoBody); got.status != http.StatusOK || !strings.Contains(got.text, "make build") {
		t.Errorf("%d %s", got.status, got.text)
	}
}
