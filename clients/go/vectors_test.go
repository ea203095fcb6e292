package synchookclient_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	synchookclient "github.com/synchook/synchook/clients/go"
)

// vectors are requests that every client judges alike.
type vectors struct {
	Now      int64
	Webhooks []vector
}

type vector struct {
	Name    string
	Secrets []string
	Headers map[string]string
	Body    string
	Kind    string // "sync" or "operational"
	Error   string // "": it is verified
}

func (v vector) request() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(v.Body))
	for name, value := range v.Headers {
		r.Header.Set(name, value)
	}
	return r
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "webhooks.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all vectors
	if err := json.Unmarshal(text, &all); err != nil || len(all.Webhooks) < 10 {
		t.Fatalf("%d vectors, %v", len(all.Webhooks), err)
	}
	return all
}

func TestTheVectorsAreJudgedAsTheyShallBe(t *testing.T) {
	t.Parallel()
	kinds := map[string]error{
		"signature": synchookclient.ErrWebhookSignature, "stale": synchookclient.ErrWebhookStale,
		"body": synchookclient.ErrWebhookBody, "secret": synchookclient.ErrWebhookSecret,
	}
	all := readVectors(t)
	for _, v := range all.Webhooks {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if time.Now().Unix() != all.Now {
					t.Fatalf("the time is %d, and the vectors are of %d", time.Now().Unix(), all.Now)
				}
				hook, err := synchookclient.VerifyRequest(v.request(), v.Secrets...)
				if !errors.Is(err, kinds[v.Error]) || (err == nil) != (v.Error == "") {
					t.Errorf("it says %v, want %q", err, v.Error)
				}
				if (hook.Sync != nil) != (v.Kind == "sync") || (hook.Operational != nil) != (v.Kind == "operational") {
					t.Errorf("it is %+v, want one of kind %q", hook, v.Kind)
				}
			})
		})
	}
}

func TestAHandlerGetsVerifiedWebhooksOnly(t *testing.T) {
	t.Parallel()
	statuses := map[string]int{"": 200, "signature": 401, "stale": 401, "body": 400, "secret": 500}
	for _, v := range readVectors(t).Webhooks {
		synctest.Test(t, func(t *testing.T) {
			reached := false
			handler := synchookclient.RequireWebhook(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				reached = true
				body, err := io.ReadAll(r.Body)
				hook := synchookclient.WebhookOf(r)
				if string(body) != v.Body || err != nil || hook.Sync == nil && hook.Operational == nil {
					t.Errorf("%s: the handler sees %+v and %s (%v)", v.Name, hook, body, err)
				}
			}), v.Secrets...)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, v.request())
			if w.Code != statuses[v.Error] || reached != (v.Error == "") {
				t.Errorf("%s: answered %d, and the handler was reached: %t", v.Name, w.Code, reached)
			}
		})
	}
	if hook := synchookclient.WebhookOf(httptest.NewRequest(http.MethodPost, "/", nil)); hook.Sync != nil || hook.Operational != nil {
		t.Errorf("a request that nobody verified has %+v", hook)
	}
}

func TestAHugeRequestIsNotRead(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", io.LimitReader(endless{}, 1<<30))
	if _, err := synchookclient.VerifyRequest(r, webhookSecret); !errors.Is(err, synchookclient.ErrWebhookBody) {
		t.Errorf("it says %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
