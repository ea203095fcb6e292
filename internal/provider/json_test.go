package provider

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzFindAgreesWithEncodingJSON takes the library's own decoding as the oracle.
func FuzzFindAgreesWithEncodingJSON(f *testing.F) {
	f.Add([]byte(payload), "nested")
	f.Add([]byte(`{"a":{"b":[1,2,"]"]},"a":"\ud83d\ude00"}`), "a")
	f.Add([]byte(`{}`), "a")
	f.Add([]byte(`{ } `), "")
	f.Fuzz(func(t *testing.T, document []byte, name string) {
		if !isObject(document) || strings.Contains(name, ".") || name != strings.ToValidUTF8(name, "") {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(document, &want); err != nil {
			return
		}
		if got := find(document, name); !bytes.Equal(got, want[name]) {
			t.Errorf("%s of %s: %s, want %s", name, document, got, want[name])
		}
	})
}

func BenchmarkFindInALargePayload(b *testing.B) {
	filler := strings.Repeat(`{"id":1,"url":"https://api.example/\"x\"","labels":["bug",{"color":"red"}]},`, 300)
	document := []byte(`{"action":"opened","items":[` + strings.TrimSuffix(filler, ",") + `],"installation":{"id":42}}`)
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if string(find(document, "installation.id")) != "42" {
			b.Fatal("not found")
		}
	}
}
