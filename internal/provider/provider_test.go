package provider

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestEveryProviderIsFoundByItsName(t *testing.T) {
	t.Parallel()
	names := Names()
	if !slices.Equal(names, []string{"github", "standard-webhooks"}) {
		t.Errorf("the names are %v", names)
	}
	for _, name := range names {
		provider, ok := Lookup(name)
		if !ok || provider.Name() != name {
			t.Errorf("%s: found %v, %v", name, provider, ok)
		}
		if size := provider.MaxBody(); size < 1<<20 || size > 25<<20 {
			t.Errorf("%s: a body has up to %d bytes", name, size)
		}
		for _, rule := range provider.DefaultMatch() {
			if rule.To != "connection_id" && !strings.HasPrefix(rule.To, "metadata.") && !strings.HasPrefix(rule.To, "connection_config.") {
				t.Errorf("%s: a default rule leads to %q", name, rule.To)
			}
		}
	}
	for _, name := range []string{"", "GitHub", "unknown"} {
		if provider, ok := Lookup(name); ok {
			t.Errorf("%q: found %v", name, provider)
		}
	}
}

func TestNothingIsAcceptedWithoutASecretOrASignature(t *testing.T) {
	t.Parallel()
	for _, provider := range all() {
		for _, secrets := range [][]string{nil, {}, {""}, {"", ""}} {
			wantError(t, provider.Verify(Request{Received: noon}, Config{Secrets: secrets}), ErrNoSecret)
		}
		request := Request{Header: http.Header{}, Body: []byte("{}"), Received: noon}
		wantError(t, provider.Verify(request, Config{Secrets: []string{vectorSecret}}), ErrMissingSignature)
	}
}

func TestSubscribes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		subscriptions string
		eventType     string
		want          bool
	}{
		{"*", "issues.opened", true},
		{"*", "", true},
		{"issues", "issues", true},
		{"issues", "issues.opened", true},
		{"issues.opened", "issues.opened", true},
		{"issues.opened", "issues", false},
		{"issues.opened", "issues.closed", false},
		{"issues.opened", "issues.opened.twice", true},
		{"issue", "issues.opened", false},
		{"issues", "issue", false},
		{"issues", "issues_archive", false},
		{"issues.", "issues.opened", false},
		{"Issues", "issues", false},
		{"push,issues", "issues.closed", true},
		{"push,*", "issues.closed", true},
		{"push,pull_request", "issues.closed", false},
		{"", "issues", false},
		{"", "", false},
		{"", ".opened", false},
	}
	for _, test := range tests {
		if got := Subscribes(strings.Split(test.subscriptions, ","), test.eventType); got != test.want {
			t.Errorf("%q on %q: %v, want %v", test.subscriptions, test.eventType, got, test.want)
		}
	}
	if Subscribes(nil, "issues") {
		t.Error("no subscriptions want an event")
	}
}

func FuzzNoRequestMakesAProviderPanic(f *testing.F) {
	f.Add("issues", "application/json", "sha256=00", "1", "v1,AAAA", []byte(`{"action":"opened","installation":{"id":1}}`), "installation.id")
	f.Add("ping", "application/x-www-form-urlencoded", "", "", "", []byte(`payload=%7B%7D`), "a.0.b")
	f.Add("", ";", "sha256=", "-9223372036854775808", "v1, ,", []byte(`{"a":[1,{"b":"\`), "a.1.b")
	f.Add("x", "", "", "", "", []byte(`{"a`), "a")
	f.Fuzz(func(t *testing.T, event, contentType, hub, timestamp, signature string, body []byte, path string) {
		request := Request{Received: noon, Body: body, Header: http.Header{
			"X-Github-Event": {event}, "Content-Type": {contentType}, "X-Hub-Signature-256": {hub},
			"Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature},
		}}
		for _, provider := range all() {
			if provider.Verify(request, Config{Secrets: []string{vectorSecret}}) == nil {
				t.Errorf("%s: a guess was accepted", provider.Name())
			}
			provider.Handshake(request)
			parsed, err := provider.Parse(request)
			if err == nil && len(parsed.Items) == 0 {
				t.Errorf("%s: an event without items", provider.Name())
			}
		}
		Extract([]Match{{From: path}}, request, Item{Payload: body})
	})
}
