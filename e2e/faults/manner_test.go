package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// status answers with a status and further headers, by name and value.
func status(code int, header ...string) rig.Manner {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// reset resets the connection instead of answering.
func reset(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // who asked has gone
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closing then resets
	}
	_ = conn.Close()
}

// trickle answers 200 and sends a byte of the body every second.
func trickle(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
	w.Header().Set("Content-Length", "1000")
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for range 1000 {
		if _, err := w.Write([]byte("x")); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// flood answers 200 with so many bytes, without saying how many.
func flood(bytes int64) rig.Manner {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.CopyN(w, repeated(' '), bytes) // who has read enough closes
	}
}

// repeated reads as the same byte for ever.
type repeated byte

// Read implements io.Reader.
func (b repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

// bomb answers 200 with a gzip of 1 GiB in one MiB.
func bomb() rig.Manner {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.CopyN(z, repeated(' '), 1<<30) // a buffer takes all
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes()) // who has read enough closes
	}
}

// later answers well after a while, also when nobody waits for it any more.
func later(d time.Duration) rig.Manner {
	return func(w http.ResponseWriter, r *http.Request, well http.HandlerFunc) {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
		well(w, r)
	}
}

// cut announces a body and closes the connection in the middle of it.
func cut(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"title":"Issue`)
	_ = http.NewResponseController(w).Flush() // who has gone misses nothing
	panic(http.ErrAbortHandler)
}
