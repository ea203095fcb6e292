package main

import (
	"io"
	"strings"
	"testing"
)

func TestAFlagWinsOverTheEnvironmentAndThatOverTheDefault(t *testing.T) {
	t.Setenv("SYNCHOOK_RUNS", "3")
	t.Setenv("SYNCHOOK_IN_FLIGHT", "7")
	o, all, err := parse("serve", "", []string{"--runs", "5", "--queues-writable"}, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Runs != 5 || o.InFlight != 7 || o.Deliveries != 100 || !o.QueuesWritable {
		t.Errorf("options: %+v", o)
	}
	sources := map[string]string{}
	for _, e := range all {
		sources[e.flag] = e.source
	}
	if sources["runs"] != "flag" || sources["in-flight"] != "environment" || sources["deliveries"] != "default" {
		t.Errorf("sources: %v", sources)
	}
}

func TestABadSettingIsNamedWithWhatWouldBeGood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"--runs=none", `--runs (SYNCHOOK_RUNS): "none" is not a number from 1 to 10000`},
		{"--redis-reserve=100", `--redis-reserve (SYNCHOOK_REDIS_RESERVE): "100" is not a number of per cent from 1 to 90`},
		{"--poll-interval=5", `--poll-interval (SYNCHOOK_POLL_INTERVAL): "5" is not a duration such as 10ms, 30s or 5m`},
		{"--allow-addresses=10.0.0.1", `--allow-addresses (SYNCHOOK_ALLOW_ADDRESSES): "10.0.0.1" is not a network such as 10.0.0.0/8`},
		{"--public-url=hooks.example.com", `--public-url (SYNCHOOK_PUBLIC_URL): "hooks.example.com" is not a URL such as https://hooks.example.com`},
		{"--script-memory=1", `--script-memory (SYNCHOOK_SCRIPT_MEMORY): "1" is not a number of MiB from 8`},
		{"--wait-replicas=11", `--wait-replicas (SYNCHOOK_WAIT_REPLICAS): "11" is not a number from 0 to 10`},
		{"--wait-timeout=6s", `--wait-timeout (SYNCHOOK_WAIT_TIMEOUT): "6s" is not a duration from 1ms to 5s`},
		{"--queues-writable=perhaps", `"perhaps" is neither true nor false`},
		{"--nosuch", "see `synchook serve --help`"},
		{"folder", "\"folder\" is not a flag; see `synchook serve --help`"},
	} {
		_, _, err := parse("serve", "", strings.Fields(c.args), io.Discard, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.args, err, c.want)
		}
	}
}

func TestConfigShowsNoSecret(t *testing.T) {
	t.Setenv("SYNCHOOK_ADMIN_KEY", "very-secret-admin-key")
	t.Setenv("SYNCHOOK_REDIS_URL", "redis://user:very-secret-password@127.0.0.1:6379")
	var out strings.Builder
	if err := dispatch(t.Context(), []string{"config", "--encryption-key", "very-secret-too"}, &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "very-secret") || strings.Count(out.String(), "(set, not shown)") != 3 {
		t.Errorf("config prints\n%s", out.String())
	}
}

func TestHelpTellsEachFlagAndItsVariable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := dispatch(t.Context(), []string{"worker", "--help"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings() {
		if !strings.Contains(out.String(), "-"+s.flag) || !strings.Contains(out.String(), s.env()) {
			t.Errorf("the help lacks --%s and %s", s.flag, s.env())
		}
	}
}

func TestACommandThatCannotStartSaysWhy(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "--data", t.TempDir()}, "SYNCHOOK_ENCRYPTION_KEY"},
		{[]string{"serve", "--data", t.TempDir(), "--encryption-key", "x"}, "SYNCHOOK_ADMIN_KEY"},
		{[]string{"serve", "--data", t.TempDir(), "--encryption-key", "x", "--admin-key", "0123456789abcdef"}, "not the base64 of 32 bytes"},
		{[]string{"dev", "--data", t.TempDir(), "--wait-replicas", "1"}, "has no replicas to wait for"},
		{[]string{"server"}, "--redis-url"},
		{[]string{"worker"}, "--redis-url"},
		{[]string{"nosuch"}, "there is no command"},
		{nil, "say which command"},
	} {
		err := dispatch(t.Context(), c.args, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.args, err, c.want)
		}
	}
}

func TestAMisspelledVariableIsNoticed(t *testing.T) {
	t.Parallel()
	got := unknownVariables([]string{"SYNCHOOK_RUNS=3", "SYNCHOOK_RUN=3", "SYNCHOOK_API_KEY=x", "PATH=/bin"})
	if len(got) != 1 || got[0] != "SYNCHOOK_RUN" {
		t.Errorf("unknown: %v", got)
	}
}
