package provider

import (
	"encoding/json"
	"strconv"
	"strings"
)

// This file picks single values out of valid JSON without decoding the rest: payloads have megabytes,
// and intake wants three strings of them before it answers. On invalid JSON it finds something or
// nothing, and does not panic.

// find returns the raw value at a dotted path, or nil. A number in the path is an index where the value
// is an array. Of equal keys the last counts, as in JavaScript's JSON.parse, so that a script sees the
// value that was matched.
func find(document []byte, path string) []byte {
	value := document[min(skipSpace(document, 0), len(document)):]
	for _, segment := range strings.Split(path, ".") {
		value = child(value, segment)
	}
	return value
}

// child returns the raw member or element of a value, or nil.
func child(value []byte, name string) []byte {
	if len(value) == 0 {
		return nil
	}
	var found []byte
	switch value[0] {
	case '{':
		walk(value, true, func(_ int, key, member []byte) {
			if keyIs(key, name) {
				found = member
			}
		})
	case '[':
		want, err := strconv.Atoi(name)
		walk(value, false, func(index int, _, element []byte) {
			if err == nil && index == want {
				found = element
			}
		})
	}
	return found
}

// walk visits the members of an object, or the elements of an array, which have no keys.
func walk(value []byte, keyed bool, visit func(index int, key, value []byte)) {
	at := 1
	for index := 0; ; index++ {
		var key []byte
		at = skipSpace(value, at)
		if keyed {
			end := valueEnd(value, at)
			key = value[at:end]
			at = skipSpace(value, skipSpace(value, end)+1)
		}
		end := valueEnd(value, at)
		if end == at {
			return
		}
		visit(index, key, value[at:end])
		at = skipSpace(value, end)
		if at >= len(value) || value[at] != ',' {
			return
		}
		at++
	}
}

// keyIs compares a quoted key.
func keyIs(quoted []byte, name string) bool {
	if len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name {
		return true
	}
	text, ok := scalar(quoted)
	return ok && text == name
}

func skipSpace(value []byte, at int) int {
	for at < len(value) && (value[at] == ' ' || value[at] == '\n' || value[at] == '\r' || value[at] == '\t') {
		at++
	}
	return min(at, len(value))
}

// valueEnd returns the index after the value that begins at the given one.
func valueEnd(value []byte, at int) int {
	if at >= len(value) {
		return at
	}
	switch value[at] {
	case '"':
		return stringEnd(value, at)
	case '{', '[':
		return nestEnd(value, at)
	}
	for at < len(value) && !strings.ContainsRune(",:]} \n\r\t", rune(value[at])) {
		at++
	}
	return at
}

func stringEnd(value []byte, at int) int {
	for at++; at < len(value); at++ {
		switch value[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(value)
}

func nestEnd(value []byte, at int) int {
	depth := 0
	for at < len(value) {
		switch value[at] {
		case '"':
			at = stringEnd(value, at)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		at++
		if depth == 0 {
			return at
		}
	}
	return len(value)
}

// scalar returns a string's text, or a number or boolean as it is written.
func scalar(raw []byte) (text string, ok bool) {
	if len(raw) == 0 {
		return "", false
	}
	switch raw[0] {
	case '"':
		return text, json.Unmarshal(raw, &text) == nil
	case '{', '[', 'n':
		return "", false
	}
	return string(raw), true
}

// scalars returns the value, or all of an array's, that are neither empty, null nor nested.
func scalars(raw []byte) []string {
	var texts []string
	add := func(_ int, _, value []byte) {
		if text, ok := scalar(value); ok && text != "" {
			texts = append(texts, text)
		}
	}
	if len(raw) > 0 && raw[0] == '[' {
		walk(raw, false, add)
	} else {
		add(0, nil, raw)
	}
	return texts
}

// isObject says whether the text is one valid JSON object.
func isObject(text []byte) bool {
	at := skipSpace(text, 0)
	return at < len(text) && text[at] == '{' && json.Valid(text)
}

// stringAt returns the string at a path, or nothing if there is something else.
func stringAt(document []byte, path string) string {
	raw := find(document, path)
	if len(raw) == 0 || raw[0] != '"' {
		return ""
	}
	text, _ := scalar(raw)
	return text
}
