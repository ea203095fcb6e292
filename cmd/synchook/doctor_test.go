package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/app"
)

func TestWhatTheDoctorFoundCanBeRead(t *testing.T) {
	t.Parallel()
	found := app.Examined{Keys: map[string]int64{"P:run:": 2, "P:runs": 1}, Members: 5, Findings: []app.Finding{
		{Code: "row_unlisted", Project: "prj_1", Member: "run_1", Problem: "run_1 is missing from the index runs", Remedy: "it is listed", Repaired: true},
		{Code: "record_unlisted", Project: "prj_1", Connection: "con_1", Member: "7", Problem: "the record is not listed", Remedy: "it is listed"},
		{Code: "key_unknown", Member: "synchook:x", Problem: "nobody knows it", Remedy: "look at it", ByHand: true},
	}}
	var out strings.Builder
	if err := printExamined(&out, found, false); err != nil {
		t.Fatal(err)
	}
	want := `row_unlisted: prj_1: run_1 is missing from the index runs
    mended: it is listed
record_unlisted: prj_1 con_1: the record is not listed
    with --repair: it is listed
key_unknown: nobody knows it
    by hand: look at it
examined 3 keys, 5 rows and entries: 3 findings, 2 of them left
`
	if out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := printExamined(&out, found, true); err != nil {
		t.Fatal(err)
	}
	var again app.Examined
	if err := json.Unmarshal([]byte(out.String()), &again); err != nil || len(again.Findings) != 3 || again.Left() != 2 {
		t.Errorf("as JSON, %s is read as %+v (%v)", out.String(), again, err)
	}
}

func TestAStoreThatCannotBeExaminedIsToldFromOneWithFindings(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{"--data /nosuch": statusNoLook, "--nosuch": statusNoLook, "--redis-url unix:///nosuch": statusNoLook} {
		err := runDoctor(t.Context(), strings.Fields(args), &strings.Builder{})
		if err == nil || status(err) != want {
			t.Errorf("%s: status %d (%v), want %d", args, status(err), err, want)
		}
	}
	if got := status(errors.New("any")); got != 1 {
		t.Errorf("another error has status %d", got)
	}
}

func TestTheDoctorExaminesTheStoreThatTheFlagsName(t *testing.T) {
	t.Setenv("SYNCHOOK_REDIS_URL", "redis://live.example:6379")
	for _, c := range []struct {
		args  []string
		redis string
		fails bool
	}{
		{args: nil, redis: "redis://live.example:6379"},
		{args: []string{"--data", "backup"}, redis: ""},
		{args: []string{"--redis-url", "redis://other.example:6379"}, redis: "redis://other.example:6379"},
		{args: []string{"--data", "backup", "--redis-url", "redis://other.example:6379"}, fails: true},
	} {
		o, all, err := parseOf(settingsOf("redis-url", "data"), "doctor", "", c.args, io.Discard, nil)
		if err == nil {
			err = examineNamed(&o, all)
		}
		if (err != nil) != c.fails || !c.fails && o.RedisURL != c.redis {
			t.Errorf("%q examines %q (%v), want %q", c.args, o.RedisURL, err, c.redis)
		}
	}
}
