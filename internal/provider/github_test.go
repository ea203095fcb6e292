package provider

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The example of GitHub's page "Validating webhook deliveries".
const (
	githubSecret    = "It's a Secret to Everybody"
	githubBody      = "Hello, World!"
	githubSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestGitHubVerifies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header  http.Header
		body    string
		secrets []string
		want    error
	}{
		"GitHub's own example":      {hub(githubSignature), githubBody, []string{githubSecret}, nil},
		"the old secret too":        {hub(githubSignature), githubBody, []string{"new", githubSecret}, nil},
		"the new secret too":        {hub(githubSignature), githubBody, []string{githubSecret, "old"}, nil},
		"upper-case digits":         {hub("sha256=" + strings.ToUpper(githubSignature[7:])), githubBody, []string{githubSecret}, nil},
		"another secret":            {hub(githubSignature), githubBody, []string{"other"}, ErrWrongSignature},
		"another body":              {hub(githubSignature), githubBody + " ", []string{githubSecret}, ErrWrongSignature},
		"no body":                   {hub(githubSignature), "", []string{githubSecret}, ErrWrongSignature},
		"no header":                 {http.Header{}, githubBody, []string{githubSecret}, ErrMissingSignature},
		"an empty header":           {hub(""), githubBody, []string{githubSecret}, ErrMissingSignature},
		"only the SHA-1 header":     {http.Header{"X-Hub-Signature": {"sha1=00"}}, githubBody, []string{githubSecret}, ErrMissingSignature},
		"no prefix":                 {hub(githubSignature[7:]), githubBody, []string{githubSecret}, ErrWrongSignature},
		"another algorithm":         {hub("sha1=" + githubSignature[7:]), githubBody, []string{githubSecret}, ErrWrongSignature},
		"an empty signature":        {hub("sha256="), githubBody, []string{githubSecret}, ErrWrongSignature},
		"half a signature":          {hub(githubSignature[:39]), githubBody, []string{githubSecret}, ErrWrongSignature},
		"not hexadecimal":           {hub("sha256=zz"), githubBody, []string{githubSecret}, ErrWrongSignature},
		"no secret":                 {hub(githubSignature), githubBody, nil, ErrNoSecret},
		"the HMAC of the empty key": {hub("sha256=" + emptyKeyMAC), githubBody, []string{"", "other"}, ErrWrongSignature},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := Request{Header: test.header, Body: []byte(test.body), Received: noon}
			wantError(t, github{}.Verify(request, Config{Secrets: test.secrets}), test.want)
		})
	}
}

// emptyKeyMAC is printf 'Hello, World!' | openssl dgst -sha256 -hmac ”
const emptyKeyMAC = "2bbcfa9524f3218c7a34b30e6936f8b1a4516cb097f1a85a1c7d98b5977ec769"

func hub(signature string) http.Header {
	return http.Header{"X-Hub-Signature-256": {signature}}
}

func TestGitHubRefusesEveryChangedByte(t *testing.T) {
	t.Parallel()
	for i := range githubBody {
		body := []byte(githubBody)
		body[i] ^= 1
		request := Request{Header: hub(githubSignature), Body: body}
		wantError(t, github{}.Verify(request, Config{Secrets: []string{githubSecret}}), ErrWrongSignature)
	}
}

func TestGitHubParses(t *testing.T) {
	t.Parallel()
	const opened = `{"action":"opened","issue":{"action":"inner"}}`
	tests := map[string]struct {
		event, contentType, body string
		wantType, wantPayload    string
		want                     error
	}{
		"an action":                {"issues", "application/json", opened, "issues.opened", opened, nil},
		"no action":                {"push", "application/json", `{"ref":"x"}`, "push", `{"ref":"x"}`, nil},
		"an action inside only":    {"push", "application/json", `{"head":{"action":"x"}}`, "push", `{"head":{"action":"x"}}`, nil},
		"an empty action":          {"push", "application/json", `{"action":""}`, "push", `{"action":""}`, nil},
		"an action that is none":   {"push", "application/json", `{"action":{"a":1}}`, "push", `{"action":{"a":1}}`, nil},
		"a null action":            {"push", "application/json", `{"action":null}`, "push", `{"action":null}`, nil},
		"no content type":          {"issues", "", opened, "issues.opened", opened, nil},
		"a form":                   {"issues", "application/x-www-form-urlencoded", form(opened), "issues.opened", opened, nil},
		"a form with a charset":    {"issues", "Application/X-WWW-Form-URLencoded; charset=utf-8", form(opened), "issues.opened", opened, nil},
		"space around":             {"issues", "", "\n " + opened + "\n", "issues.opened", "\n " + opened + "\n", nil},
		"no event":                 {"", "application/json", opened, "", "", ErrBody},
		"no body":                  {"issues", "application/json", "", "", "", ErrBody},
		"half a body":              {"issues", "application/json", opened[:20], "", "", ErrBody},
		"two bodies":               {"issues", "application/json", opened + opened, "", "", ErrBody},
		"an array":                 {"issues", "application/json", "[]", "", "", ErrBody},
		"a form sent as JSON":      {"issues", "application/json", form(opened), "", "", ErrBody},
		"JSON sent as a form":      {"issues", "application/x-www-form-urlencoded", opened, "", "", ErrBody},
		"a form without a payload": {"issues", "application/x-www-form-urlencoded", "other=1", "", "", ErrBody},
		"a form that is none":      {"issues", "application/x-www-form-urlencoded", "payload=%zz", "", "", ErrBody},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event, err := github{}.Parse(Request{Body: []byte(test.body), Header: http.Header{
				"X-Github-Event": {test.event}, "X-Github-Delivery": {"72d3162e"}, "Content-Type": {test.contentType},
			}})
			wantError(t, err, test.want)
			if err == nil {
				wantSingle(t, event, "72d3162e", test.wantType, test.wantPayload)
			}
		})
	}
}

func form(payload string) string { return url.Values{"payload": {payload}}.Encode() }

// wantSingle wants an event with one item that is like the event.
func wantSingle(t *testing.T, event Event, id, eventType, payload string) {
	t.Helper()
	if event.ID != id || event.Type != eventType || len(event.Items) != 1 {
		t.Fatalf("the event is %+v, want %s %s", event, id, eventType)
	}
	item := event.Items[0]
	if item.ID != id || item.Type != eventType || !bytes.Equal(item.Payload, []byte(payload)) {
		t.Errorf("the item is %s %s %s, want %s", item.ID, item.Type, item.Payload, payload)
	}
}

func TestGitHubPingIsAnsweredAndIsAnEvent(t *testing.T) {
	t.Parallel()
	request := Request{Header: http.Header{"X-Github-Event": {"ping"}}, Body: []byte(`{"zen":"Keep it logically awesome."}`)}
	reply, ok := github{}.Handshake(request)
	if !ok || reply.Status != 0 {
		t.Errorf("the reply is %+v, %v", reply, ok)
	}
	event, err := github{}.Parse(request)
	if err != nil || event.Type != "ping" {
		t.Errorf("the event is %+v, %v", event, err)
	}
	request.Header.Set("X-GitHub-Event", "issues")
	if reply, ok := (github{}).Handshake(request); ok {
		t.Errorf("issues are answered as a handshake: %+v", reply)
	}
}
