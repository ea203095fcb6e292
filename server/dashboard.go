package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/synchook/synchook/internal/synchook"
)

// dashboardPolicy lets the dashboard's pages load and ask this server only, and run no script or style that is
// written into a page.
const dashboardPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// notBuilt is shown in place of an app that was not built.
const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>synchook</title>
<h1>synchook runs</h1>
<p>This binary was built without its dashboard, which needs Node 20: run <code>make build</code> and start it anew. The API is complete, and so are
<a href="/docs/">its docs</a>.</p>
`

// dashboardFiles serves the dashboard.
type dashboardFiles struct {
	files map[string]staticFile // by path, "/assets/index-abc.js"
	index staticFile
}

// newDashboard reads the files of the dashboard. Without any, or without an index.html, it shows how to build them.
func newDashboard(built fs.FS) *dashboardFiles {
	d := &dashboardFiles{files: map[string]staticFile{}}
	if built != nil {
		_ = fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
			name = strings.TrimSuffix(name, ".gz")
			if _, read := d.files["/"+name]; err == nil && !entry.IsDir() && dashboardKind(name) != "" && !read {
				d.files["/"+name] = readDashboardFile(built, name)
			}
			return nil // what cannot be read is not there
		})
	}
	index, ok := d.files["/index.html"]
	if !ok {
		index = staticFile{policy: dashboardPolicy, body: []byte(notBuilt), kind: dashboardKind(".html"), etag: etagOf([]byte(notBuilt)), cache: "no-cache"}
	}
	delete(d.files, "/index.html")
	d.index = index
	return d
}

// readDashboardFile reads a file in all its forms. One that is there compressed only is expanded: few ask for it so.
func readDashboardFile(built fs.FS, name string) staticFile {
	f := staticFile{policy: dashboardPolicy, kind: dashboardKind(name), compressed: map[string][]byte{}, cache: "no-cache"}
	for encoding, suffix := range map[string]string{"br": ".br", "gzip": ".gz"} {
		if body, err := fs.ReadFile(built, name+suffix); err == nil {
			f.compressed[encoding] = body
		}
	}
	body, err := fs.ReadFile(built, name)
	if err != nil {
		body, _ = gunzip(f.compressed["gzip"]) // what cannot be read is empty
	}
	f.body, f.etag = body, etagOf(body)
	if strings.HasPrefix(name, "assets/") { // their names change with what is in them
		f.cache = "public, max-age=31536000, immutable"
	}
	return f
}

func gunzip(compressed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// dashboardKind returns the content type of a file by its name. Empty: it is none that is served.
func dashboardKind(name string) string {
	return map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2", ".json": "application/json",
	}[path.Ext(name)]
}

// routes adds the routes of the dashboard. Its pages are /, /login and those below /p/, where a project's are; what
// else nobody serves is told so.
func (d *dashboardFiles) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", d.page)
	mux.HandleFunc("GET /login", d.page)
	mux.HandleFunc("GET /p/", d.page)
	mux.HandleFunc("/", d.file)
}

// page serves the app to a browser that goes to one of its pages: which one, it reads from the URL.
func (d *dashboardFiles) page(w http.ResponseWriter, r *http.Request) {
	if accept := r.Header.Get("Accept"); r.URL.Path != "/" && !strings.Contains(accept, "text/html") && accept != "" && accept != "*/*" {
		nothingHere(w)
		return
	}
	d.index.serve(w, r)
}

func (d *dashboardFiles) file(w http.ResponseWriter, r *http.Request) {
	f, ok := d.files[r.URL.Path]
	if !ok || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		nothingHere(w)
		return
	}
	f.serve(w, r)
}

func nothingHere(w http.ResponseWriter) {
	writeFault(w, &synchook.Fault{
		Kind: synchook.KindNotFound, Reason: "path_not_found", Message: "there is nothing at this path",
		Help: "RPCs are at /synchook.v1.SERVICE/METHOD, the dashboard is at /, and the docs are at /docs.",
	})
}
