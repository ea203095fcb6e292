package synchook

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func TestScalarTextIsTheSameHoweverAValueIsWritten(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // "" has none
		`"a"`: "a", `""`: "", `123`: "123", `123.0`: "123", `1.23e2`: "123", `1.5`: "1.5", `-7`: "-7", `true`: "true", `false`: "false",
		`null`: "", `{}`: "", `[]`: "", `9007199254740993`: "9007199254740993", `"123"`: "123",
	}
	for text, want := range tests {
		var v any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if got, ok := ScalarText(v); got != want || ok != (want != "") {
			t.Errorf("ScalarText(%s) = %q, %v; want %q", text, got, ok, want)
		}
	}
}

func TestMatchValuesAreTheScalarsAtTheTop(t *testing.T) {
	t.Parallel()
	c := Connection{Name: "acme", Metadata: []byte(`{"a":[1,"x",null],"o":{"b":1}}`), Config: []byte(`not an object`)}
	got := c.MatchValues()
	want := [][2]string{{"connection_id", "acme"}, {"metadata.a", "1"}, {"metadata.a", "x"}}
	if !slices.Equal(got, want) {
		t.Errorf("values = %q, want %q", got, want)
	}
}

func TestCredentialsDoNotPrintTheirSecret(t *testing.T) {
	t.Parallel()
	c := Credentials{Kind: CredentialsBasic, Name: "user", Value: "hunter2"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credentials", c)
	for _, text := range []string{c.String(), fmt.Sprint(c), fmt.Sprintf("%v %+v", c, &c), log.String()} {
		if strings.Contains(text, "hunter2") || !strings.Contains(text, "basic") {
			t.Errorf("printed as %s", text)
		}
	}
}
