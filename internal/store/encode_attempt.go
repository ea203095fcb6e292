package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// attemptWithRequest begins an attempt that says what was requested. An attempt without it begins with when it started,
// which is never before 1970.
const attemptWithRequest = -1

// errShort says that a stored text ends too early.
var errShort = errors.New("it ends too early")

// encodeAttempt writes an attempt small: there is one for each request ever made.
func encodeAttempt(a synchook.Attempt) []byte {
	b := binary.AppendVarint(nil, attemptWithRequest)
	b = binary.AppendVarint(b, a.Started.UnixMilli())
	b = binary.AppendVarint(b, a.Duration.Microseconds())
	b = binary.AppendVarint(b, int64(a.Status))
	b = appendText(b, a.Error)
	b = appendText(b, a.URL)
	b = appendTexts(b, a.RequestHeaders)
	b = appendTexts(b, a.ResponseHeaders)
	return append(b, a.Response...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendTexts(b []byte, texts map[string]string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b = appendText(appendText(b, name), texts[name])
	}
	return b
}

func decodeAttempt(n int, text string) (synchook.Attempt, error) {
	r := attemptReader{r: bytes.NewReader([]byte(text))}
	first := r.number()
	full := first == attemptWithRequest
	if full {
		first = r.number()
	}
	a := synchook.Attempt{
		Number: n, Started: time.UnixMilli(first).UTC(), Duration: time.Duration(r.number()) * time.Microsecond,
		Status: int(r.number()), Error: r.text(),
	}
	if full {
		a.URL, a.RequestHeaders, a.ResponseHeaders = r.text(), r.texts(), r.texts()
	}
	if r.err != nil {
		return synchook.Attempt{}, fmt.Errorf("stored attempt %d is damaged: %w", n, r.err)
	}
	a.Response, _ = io.ReadAll(r.r) // memory
	return a, nil
}

// attemptReader reads what encodeAttempt wrote, and nothing more after its first error.
type attemptReader struct {
	r   *bytes.Reader
	err error
}

func (r *attemptReader) number() int64 {
	n, err := binary.ReadVarint(r.r)
	if r.err == nil {
		r.err = err
	}
	return n
}

func (r *attemptReader) size() int {
	n, err := binary.ReadUvarint(r.r)
	if err == nil && n > uint64(r.r.Len()) {
		err = errShort
	}
	if r.err == nil {
		r.err = err
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *attemptReader) text() string {
	b := make([]byte, r.size())
	_, _ = r.r.Read(b) // the size is there
	return string(b)
}

func (r *attemptReader) texts() map[string]string {
	n := r.size()
	if n == 0 {
		return nil
	}
	texts := make(map[string]string, n)
	for range n {
		name := r.text()
		texts[name] = r.text()
	}
	return texts
}
