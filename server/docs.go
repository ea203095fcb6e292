package server

import (
	"errors"
	"io/fs"
	"net/http"
	"sync"

	"github.com/synchook/synchook/internal/docsite"
)

// docsPolicy lets the pages of the docs load their style from this server and nothing else.
const docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docs serves the documentation, to everybody: it shows nothing of this server's data.
type docs struct {
	site  *docsite.Site
	pages sync.Map // of staticFile, by path: each is made when it is first asked for
}

// routes adds the routes of the docs.
func (d *docs) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+docsite.Root+"{path...}", d.serve)
	mux.Handle("GET /docs", http.RedirectHandler(docsite.Root, http.StatusMovedPermanently))
}

func (d *docs) serve(w http.ResponseWriter, r *http.Request) {
	page, err := d.page(r.PathValue("path"))
	if errors.Is(err, fs.ErrNotExist) {
		d.missing(w)
		return
	}
	if err != nil {
		writeFault(w, faultOf(err))
		return
	}
	page.serve(w, r)
}

func (d *docs) page(path string) (staticFile, error) {
	if page, ok := d.pages.Load(path); ok {
		return page.(staticFile), nil
	}
	f, err := d.site.Open(path)
	if err != nil {
		return staticFile{}, err
	}
	page := staticFile{body: f.Body, kind: f.ContentType, etag: etagOf(f.Body), cache: "no-cache", policy: docsPolicy}
	d.pages.Store(path, page)
	return page, nil
}

func (d *docs) missing(w http.ResponseWriter) {
	f, err := d.site.Missing()
	if err != nil {
		writeFault(w, faultOf(err))
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", f.ContentType)
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(f.Body)
}
