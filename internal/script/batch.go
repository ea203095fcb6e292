package script

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// maxBatch is how many records one call of a Host gets at most; a
	// script's larger batch is split.
	maxBatch = 500
	// maxRecordID is the longest record ID in bytes.
	maxRecordID = 255
)

// Record is one record as a script gave it.
type Record struct {
	// ID is the record's "id", a number as JSON writes it.
	ID string
	// Payload is the record as compact JSON with its keys in the order the
	// script made them.
	Payload []byte
	// Digest names the content of Payload without regard to the order of keys.
	Digest Digest
}

// batch is what one batchSave, batchUpdate or batchDelete asks for.
type batch struct {
	model   string
	records []Record
	// repeated holds the IDs that came more than once; the last one counts.
	repeated []string
}

// parseBatch reads the records that the runtime sent, one JSON text a line,
// and checks them all before anything is written. Its errors are for the
// author of the script: they say what to do.
func parseBatch(method, model string, declared []string, lines string) (batch, error) {
	if !slices.Contains(declared, model) {
		return batch{}, fmt.Errorf("nango.%s: %q is not a model of this sync; its models are %s: add it to the sync's output or correct the name",
			method, model, listed(declared))
	}
	b := batch{model: model}
	place := map[string]int{}
	for line := range strings.Lines(lines) {
		record, err := parseRecord(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return batch{}, fmt.Errorf("nango.%s: record %d of %s: %w", method, len(b.records)+len(b.repeated)+1, model, err)
		}
		if at, seen := place[record.ID]; seen {
			b.records[at] = record
			b.repeated = append(b.repeated, record.ID)
			continue
		}
		place[record.ID] = len(b.records)
		b.records = append(b.records, record)
	}
	return b, nil
}

// warnings says, for the run's log, what was odd and yet accepted.
func (b batch) warnings(method string) []string {
	if len(b.repeated) == 0 {
		return nil
	}
	const shown = 5
	ids := b.repeated[:min(shown, len(b.repeated))]
	return []string{fmt.Sprintf("nango.%s: %d records of %s came more than once in one batch, such as %s: the last of each counts",
		method, len(b.repeated), b.model, listed(ids))}
}

// parseRecord reads one record from its JSON text.
func parseRecord(line string) (Record, error) {
	s, err := scan([]byte(line))
	if err != nil {
		return Record{}, err
	}
	if line[0] != '{' {
		return Record{}, fmt.Errorf("it is not an object but %.40s", line)
	}
	id, err := recordID(s.id)
	if err != nil {
		return Record{}, err
	}
	return Record{ID: id, Payload: s.text, Digest: s.digest()}, nil
}

// recordID reads the "id" of a record, which must be a string or a number.
// Nil means that the record has none.
func recordID(text []byte) (string, error) {
	switch {
	case text == nil:
		return "", errors.New(`it has no id: give each record a string or number "id" that is the same every time the record is saved`)
	case text[0] == '"':
		text = unquote(text, bytes.IndexByte(text, '\\') >= 0)
	case text[0] != '-' && (text[0] < '0' || text[0] > '9'):
		return "", fmt.Errorf("its id is %.40s: it must be a string or a number", text)
	}
	if len(text) == 0 {
		return "", errors.New("its id is empty: give each record an id of its own")
	}
	if len(text) > maxRecordID {
		return "", fmt.Errorf("its id %.20q... is %d bytes long: at most %d are allowed", text, len(text), maxRecordID)
	}
	return string(text), nil
}

// listed writes names for a sentence.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
