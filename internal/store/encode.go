package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/synchook/synchook/internal/synchook"
)

// number reads a number that a script wrote; what is not there is 0.
func number(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// millis writes a time as unix milliseconds; the zero time is "".
func millis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// fromMillis reads unix milliseconds; "" and "0" are the zero time.
func fromMillis(s string) time.Time {
	ms := int64(number(s))
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T cannot be written as JSON: %v", v, err)) // our own plain structs
	}
	return string(b)
}

func fromJSON(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("reading a stored %T: %w", v, err)
	}
	return nil
}

// packFrom is the size from which a body is worth compressing.
const packFrom = 200

// A packed body starts with one byte that says how it is packed.
const (
	packedPlain = 'p'
	packedS2    = 's'
)

// pack compresses a body if that makes it smaller. S2 is chosen for its speed: this is done before a
// webhook is acknowledged, and for each record.
func pack(body []byte) []byte {
	if len(body) >= packFrom {
		packed := make([]byte, 1+s2.MaxEncodedLen(len(body)))
		packed[0] = packedS2
		if z := s2.Encode(packed[1:], body); len(z) < len(body) {
			return packed[:1+len(z)]
		}
	}
	return append([]byte{packedPlain}, body...)
}

// unpack returns what pack was given.
func unpack(packed string) ([]byte, error) {
	switch {
	case packed == "":
		return nil, nil
	case packed[0] == packedPlain:
		return []byte(packed[1:]), nil
	case packed[0] == packedS2:
		return s2.Decode(nil, []byte(packed[1:]))
	}
	return nil, fmt.Errorf("stored body of unknown packing %q", packed[0])
}

// encodeAttempt writes an attempt small: there is one for each request ever made.
func encodeAttempt(a synchook.Attempt) []byte {
	b := binary.AppendVarint(nil, a.Started.UnixMilli())
	b = binary.AppendVarint(b, a.Duration.Microseconds())
	b = binary.AppendVarint(b, int64(a.Status))
	b = binary.AppendUvarint(b, uint64(len(a.Error)))
	b = append(b, a.Error...)
	return append(b, a.Response...)
}

func decodeAttempt(n int, text string) (synchook.Attempt, error) {
	r := bytes.NewReader([]byte(text))
	started, err1 := binary.ReadVarint(r)
	micros, err2 := binary.ReadVarint(r)
	status, err3 := binary.ReadVarint(r)
	size, err4 := binary.ReadUvarint(r)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || size > uint64(r.Len()) {
		return synchook.Attempt{}, fmt.Errorf("stored attempt %d is damaged", n)
	}
	rest := text[len(text)-r.Len():]
	return synchook.Attempt{
		Number: n, Started: time.UnixMilli(started).UTC(), Duration: time.Duration(micros) * time.Microsecond,
		Status: int(status), Error: rest[:size], Response: []byte(rest[size:]),
	}, nil
}
