package script

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// Digest names the content of a record: equal for two JSON texts that differ
// only in the order of their keys, in white space or in how they escape a
// character. Numbers are compared as they are written, which is exact for what
// one engine's JSON.stringify wrote. It is the first half of a SHA-256.
type Digest [16]byte

// DigestOf returns the digest of one JSON text.
func DigestOf(payload []byte) (Digest, error) {
	if !json.Valid(payload) {
		return Digest{}, fmt.Errorf("a record must be JSON, and this is not: %.40q", payload)
	}
	sum := sha256.Sum256(canonical(make([]byte, 0, len(payload)), payload))
	return Digest(sum[:16]), nil
}

// canonical appends a form of the valid JSON text src that depends on its
// content alone. The form is for hashing and is not JSON.
func canonical(dst, src []byte) []byte {
	src = bytes.TrimSpace(src)
	switch src[0] {
	case '{':
		return canonicalObject(dst, src)
	case '[':
		dst = append(dst, '[')
		for element := range elements(src) {
			dst = canonical(dst, element)
		}
		return append(dst, ']')
	case '"':
		text := unquote(src)
		dst = append(dst, '"')
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		return append(dst, text...)
	default:
		// The comma ends a number, true, false or null.
		return append(append(dst, src...), ',')
	}
}

// member is one name and value of a JSON object, the name decoded.
type member struct{ name, value []byte }

// canonicalObject appends the members of an object sorted by name.
func canonicalObject(dst, src []byte) []byte {
	members := membersOf(src)
	slices.SortStableFunc(members, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	dst = append(dst, '{')
	for _, m := range members {
		dst = binary.AppendUvarint(dst, uint64(len(m.name)))
		dst = append(dst, m.name...)
		dst = canonical(dst, m.value)
	}
	return append(dst, '}')
}
