package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/klauspost/compress/s2"
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
