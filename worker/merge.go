package worker

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
)

// mergeRecord merges a part into a record's content: objects deeply, arrays and all else replaced.
func mergeRecord(old, part []byte) (store.RecordWrite, error) {
	payload, err := mergeJSON(old, part, true)
	if err != nil {
		return store.RecordWrite{}, fmt.Errorf("merging a record: %w", err)
	}
	digest, err := script.DigestOf(payload)
	return store.RecordWrite{Digest: encodeDigest(digest), Payload: payload}, err
}

// replaceKeys replaces the keys of an object that the part has.
func replaceKeys(old, part []byte) (json.RawMessage, error) { return mergeJSON(old, part, false) }

// mergeJSON puts the keys of the object part into the object old, in the order in which they came.
func mergeJSON(old, part []byte, deep bool) ([]byte, error) {
	into, err := members(old)
	if err != nil {
		return nil, err
	}
	from, err := members(part)
	if err != nil {
		return nil, err
	}
	for _, m := range from {
		if err := into.put(m, deep); err != nil {
			return nil, err
		}
	}
	return into.bytes(), nil
}

type member struct {
	key   string
	value json.RawMessage
}

// object is a JSON object that keeps the order of its keys.
type object []member

func members(text []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("not a JSON object: %.50s", text)
	}
	var o object
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{}
		m.key, _ = t.(string)
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		o = append(o, m)
	}
	return o, nil
}

func (o *object) put(m member, deep bool) error {
	for i := range *o {
		if (*o)[i].key != m.key {
			continue
		}
		if deep && m.value[0] == '{' && (*o)[i].value[0] == '{' {
			merged, err := mergeJSON((*o)[i].value, m.value, true)
			m.value = merged
			if err != nil {
				return err
			}
		}
		(*o)[i].value = m.value
		return nil
	}
	*o = append(*o, m)
	return nil
}

func (o object) bytes() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(m.key) // a string always has a JSON form
		b.Write(key)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
