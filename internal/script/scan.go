package script

import (
	"bytes"
	"encoding/json"
	"iter"
)

// The functions of this file cut valid JSON into its parts without decoding
// it. They exist because records must keep the bytes that the script wrote,
// and because a run may save a hundred thousand of them.

// membersOf returns the members of a JSON object in the order written.
func membersOf(object []byte) []member {
	var members []member
	for part := range elements(object) {
		end := stringEnd(part, 0)
		value := bytes.TrimLeft(part[end:], " \t\r\n:")
		members = append(members, member{name: unquote(part[:end]), value: value})
	}
	return members
}

// elements yields the parts of a JSON array or object that commas separate,
// without the white space around them.
func elements(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		list = bytes.TrimSpace(list)
		depth, start := 0, 1
		for i := 1; i < len(list); i++ {
			switch list[i] {
			case '"':
				i = stringEnd(list, i) - 1
			case '{', '[':
				depth++
			case '}', ']', ',':
				last := i == len(list)-1
				if part := bytes.TrimSpace(list[start:i]); (last || depth == 0 && list[i] == ',') && len(part) > 0 {
					if !yield(part) {
						return
					}
				}
				if list[i] == ',' {
					if depth == 0 {
						start = i + 1
					}
				} else {
					depth--
				}
			}
		}
	}
}

// stringEnd returns the index after the JSON string that begins at start.
func stringEnd(text []byte, start int) int {
	for i := start + 1; ; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// unquote decodes a JSON string. The common one without escapes is not copied.
func unquote(quoted []byte) []byte {
	if !bytes.ContainsRune(quoted, '\\') {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return quoted
	}
	return []byte(s)
}
