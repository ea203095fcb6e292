package server

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// staticFile is a file for browsers, with its compressed forms by content encoding.
type staticFile struct {
	body       []byte
	compressed map[string][]byte
	kind       string
	etag       string
	cache      string
	policy     string // what the page may load
}

func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

func (f staticFile) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", f.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", f.cache)
	h.Set("Vary", "Accept-Encoding")
	body, encoding := f.body, f.encodingFor(r.Header.Get("Accept-Encoding"))
	etag := f.etag
	if encoding != "" {
		body, etag = f.compressed[encoding], strings.TrimSuffix(etag, `"`)+"-"+encoding+`"`
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Etag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // to a HEAD, net/http writes none
}

// encodingFor returns the best encoding that there is of those that a client takes. Empty: none.
func (f staticFile) encodingFor(accepted string) string {
	for _, encoding := range []string{"br", "gzip"} {
		if _, ok := f.compressed[encoding]; ok && takes(accepted, encoding) {
			return encoding
		}
	}
	return ""
}

// takes reports whether a client that accepts these encodings takes one.
func takes(accepted, encoding string) bool {
	for one := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(one, " ", ""), ";")
		if strings.EqualFold(name, encoding) {
			return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
		}
	}
	return false
}
