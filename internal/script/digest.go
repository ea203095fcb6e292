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
	s, err := scan(payload)
	return s.digest(), err
}

// scanner reads one valid JSON text in a single pass and writes a canonical
// form of it, which depends on the content alone. The form is for hashing and
// is not JSON. The pass is single because a script chooses how deep its
// records are nested and how many of them there are.
type scanner struct {
	text []byte
	at   int
	form []byte
	// id is the text of the outermost object's member "id".
	id []byte
}

// scan reads a JSON text.
func scan(text []byte) (*scanner, error) {
	if !json.Valid(text) {
		return &scanner{}, fmt.Errorf("a record must be JSON, and this is not: %.40q", text)
	}
	s := &scanner{text: text, form: make([]byte, 0, len(text)+len(text)/4)}
	s.value(true)
	return s, nil
}

// digest hashes the canonical form.
func (s *scanner) digest() Digest {
	sum := sha256.Sum256(s.form)
	return Digest(sum[:len(Digest{})])
}

// value reads the next value.
func (s *scanner) value(outermost bool) {
	switch s.peek() {
	case '{':
		s.object(outermost)
	case '[':
		s.array()
	case '"':
		s.form = append(s.form, '"')
		s.form = appendSized(s.form, s.quoted())
	default:
		s.scalar()
	}
}

// peek returns the first byte that is no white space, without reading it.
func (s *scanner) peek() byte {
	for bytes.IndexByte([]byte(" \t\r\n"), s.text[s.at]) >= 0 {
		s.at++
	}
	return s.text[s.at]
}

// scalar reads a number, true, false or null. The comma in the form ends it.
func (s *scanner) scalar() {
	start := s.at
	for s.at < len(s.text) && bytes.IndexByte([]byte(",]} \t\r\n"), s.text[s.at]) < 0 {
		s.at++
	}
	s.form = append(append(s.form, s.text[start:s.at]...), ',')
}

// quoted reads a string and returns it decoded. The common one without escapes
// is not copied.
func (s *scanner) quoted() []byte {
	start, escaped := s.at, false
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			escaped = true
			s.at++
		}
	}
	s.at++
	return unquote(s.text[start:s.at], escaped)
}

// array reads an array.
func (s *scanner) array() {
	s.form = append(s.form, '[')
	s.at++
	for s.peek() != ']' {
		s.value(false)
		s.comma()
	}
	s.at++
	s.form = append(s.form, ']')
}

// member is one member of an object: its name, and where in the canonical
// form it is written.
type member struct {
	name       []byte
	start, end int
}

// object reads an object and writes its members sorted by name.
func (s *scanner) object(outermost bool) {
	s.form = append(s.form, '{')
	s.at++
	var members []member
	for s.peek() != '}' {
		m := member{name: s.quoted(), start: len(s.form)}
		s.form = appendSized(s.form, m.name)
		s.peek()
		s.at++ // the colon
		s.peek()
		from := s.at
		s.value(false)
		if outermost && string(m.name) == "id" {
			s.id = s.text[from:s.at]
		}
		m.end = len(s.form)
		members = append(members, m)
		s.comma()
	}
	s.at++
	s.sort(members)
	s.form = append(s.form, '}')
}

// sort reorders the members that were written last.
func (s *scanner) sort(members []member) {
	byName := func(a, b member) int { return bytes.Compare(a.name, b.name) }
	if slices.IsSortedFunc(members, byName) {
		return
	}
	first := members[0].start
	written := slices.Clone(s.form[first:])
	slices.SortStableFunc(members, byName)
	s.form = s.form[:first]
	for _, m := range members {
		s.form = append(s.form, written[m.start-first:m.end-first]...)
	}
}

// comma reads the comma after an element, if there is one.
func (s *scanner) comma() {
	if s.peek() == ',' {
		s.at++
	}
}

// appendSized appends text after its length, so that no text can end early.
func appendSized(form, text []byte) []byte {
	return append(binary.AppendUvarint(form, uint64(len(text))), text...)
}

// unquote decodes a valid JSON string.
func unquote(quoted []byte, escaped bool) []byte {
	if !escaped {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return quoted
	}
	return []byte(s)
}
