package script

import (
	"slices"
	"strings"
	"testing"
)

func TestARecordsIDIsItsStringOrNumberAndNothingElse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	for _, test := range []struct{ record, id, fault string }{
		{`{"id":"a"}`, "a", ""},
		{`{"name":"n","id":7}`, "7", ""},
		{`{"id":-1.5e+21}`, "-1.5e+21", ""},
		{`{"id":"\u00e9"}`, "é", ""},
		{`{"nested":{"id":"no"},"id":"yes"}`, "yes", ""},
		{`{"id":"` + long + `"}`, long, ""},
		{`{"id":"` + long + `x"}`, "", "256 bytes long"},
		{`{"nested":{"id":"no"}}`, "", "has no id"},
		{`{}`, "", "has no id"},
		{`{"id":""}`, "", "empty"},
		{`{"id":null}`, "", "its id is null"},
		{`{"id":true}`, "", "its id is true"},
		{`{"id":["a"]}`, "", "string or a number"},
		{`null`, "", "not an object"},
		{`[{"id":1}]`, "", "not an object"},
		{`"id"`, "", "not an object"},
	} {
		record, err := parseRecord(test.record)
		if test.fault == "" {
			if err != nil || record.ID != test.id || string(record.Payload) != test.record {
				t.Errorf("%s: got %+v, %v", test.record, record, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%s: got %v, want %q", test.record, err, test.fault)
		}
	}
}

func TestTheLastOfRepeatedRecordsCounts(t *testing.T) {
	t.Parallel()
	b, err := parseBatch("batchSave", "M", []string{"M"}, `{"id":"a","v":1}`+"\n"+`{"id":"b"}`+"\n"+`{"id":"a","v":2}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range b.records {
		got = append(got, string(r.Payload))
	}
	if want := []string{`{"id":"a","v":2}`, `{"id":"b"}`}; !slices.Equal(got, want) || !slices.Equal(b.repeated, []string{"a"}) {
		t.Errorf("got %v, repeated %v", got, b.repeated)
	}
}

func TestABatchIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ model, lines, want string }{
		{"Other", `{"id":1}`, `nango.batchSave: "Other" is not a model of this sync; its models are M, N: add it`},
		{"M", `{"id":1}` + "\n" + `{"id":1}` + "\n" + `{}`, "nango.batchSave: record 3 of M: it has no id"},
	} {
		if _, err := parseBatch("batchSave", test.model, []string{"M", "N"}, test.lines); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
