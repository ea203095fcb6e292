package hook

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	body   = `{"connectionId":"user-1","providerConfigKey":"github","syncName":"github-issues","model":"GithubIssue",` +
		`"responseResults":{"GithubIssue":{"added":1,"updated":0,"deleted":0}},"syncType":"INCREMENTAL","queryTimeStamp":"2023-05-31T11:46:13.390Z"}`
)

// post sends a body to a receiver, with the headers that the library of Standard Webhooks
// makes for the right body, as change leaves them. It returns the status.
func post(t *testing.T, receiver *Receiver, text string, change func(*http.Request)) int {
	t.Helper()
	return postSigned(t, receiver, text, body, change)
}

// postSigned sends a body with the headers of another one.
func postSigned(t *testing.T, receiver *Receiver, text, body string, change func(*http.Request)) int {
	t.Helper()
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	signature, err := wh.Sign("dlv_1", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(text))
	req.Header.Set("webhook-id", "dlv_1")
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("webhook-signature", signature)
	if change != nil {
		change(req)
	}
	w := httptest.NewRecorder()
	receiver.ServeHTTP(w, req)
	return w.Code
}

func TestOnlyAVerifiedWebhookIsTaken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		body   string
		change func(*http.Request)
		want   int
	}{
		{"signed", body, nil, http.StatusNoContent},
		{"another body", strings.Replace(body, "user-1", "user-2", 1), nil, http.StatusUnauthorized},
		{"no signature", body, func(r *http.Request) { r.Header.Del("webhook-signature") }, http.StatusUnauthorized},
		{"an old timestamp", body, func(r *http.Request) { r.Header.Set("webhook-timestamp", "1614265330") }, http.StatusUnauthorized},
		{"too large", string(bytes.Repeat([]byte(" "), 1<<20+1)), nil, http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []Webhook
			receiver := &Receiver{Secret: secret, Received: func(w Webhook) { got = append(got, w) }}
			if status := post(t, receiver, test.body, test.change); status != test.want {
				t.Errorf("answered %d, want %d", status, test.want)
			}
			if len(got) != 1 || got[0].ID != "dlv_1" || got[0].Status != test.want || (got[0].Err == nil) != (test.want == http.StatusNoContent) {
				t.Errorf("told of %+v", got)
			}
		})
	}
}

func TestTheBodyIsReadOnceVerified(t *testing.T) {
	t.Parallel()
	var got Webhook
	post(t, &Receiver{Secret: secret, Received: func(w Webhook) { got = w }}, body, nil)
	want := time.Date(2023, 5, 31, 11, 46, 13, 390_000_000, time.UTC)
	if string(got.Raw) != body || got.Body.ConnectionID != "user-1" || got.Body.QueryTimeStamp == nil || !got.Body.QueryTimeStamp.Equal(want) {
		t.Errorf("got %+v of %s", got.Body, got.Raw)
	}
}

func TestAnOperationalWebhookIsTakenToo(t *testing.T) {
	t.Parallel()
	const body = `{"type":"endpoint.recovered","timestamp":"2023-05-31T11:46:13.390Z","data":{"endpointId":"end_1","url":"https://app.example/hook"}}`
	var got Webhook
	status := postSigned(t, &Receiver{Secret: secret, Received: func(w Webhook) { got = w }}, body, body, nil)
	if status != http.StatusNoContent || got.Operational == nil || got.Operational.Data.EndpointID != "end_1" || got.Body.Model != "" {
		t.Errorf("answered %d to %+v", status, got)
	}
}

func TestTheFirstWebhooksFailWhenAsked(t *testing.T) {
	t.Parallel()
	receiver := &Receiver{Secret: secret, FailFirst: 2}
	unsigned := func(r *http.Request) { r.Header.Del("webhook-signature") }
	statuses := []int{post(t, receiver, body, nil), post(t, receiver, body, unsigned), post(t, receiver, body, nil), post(t, receiver, body, nil)}
	if want := []int{500, 401, 500, 204}; !reflect.DeepEqual(statuses, want) {
		t.Errorf("answered %v, want %v", statuses, want)
	}
}

func TestAWrongSecretIsTheReceiversOwnFault(t *testing.T) {
	t.Parallel()
	if status := post(t, &Receiver{Secret: "none"}, body, nil); status != http.StatusInternalServerError {
		t.Errorf("answered %d", status)
	}
}
