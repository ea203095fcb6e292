package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"testing"
)

// The vector is of GitHub's page "Validating webhook deliveries".
func TestWebhooksAreSignedAsGitHubDoes(t *testing.T) {
	t.Parallel()
	const want = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	if got := sign("It's a Secret to Everybody", []byte("Hello, World!")); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestTheStandInSendsItsPayloadSigned(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	var header http.Header
	var body []byte
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
	}))
	defer hooks.Close()
	delivery, err := g.send(t.Context(), hooks.URL)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(delivery) {
		t.Errorf("delivery ID %q is no random UUID", delivery)
	}
	got := []string{header.Get("X-GitHub-Event"), header.Get("X-GitHub-Delivery"), header.Get("X-Hub-Signature-256")}
	if want := []string{"issues", delivery, sign(g.secret, body)}; !reflect.DeepEqual(got, want) {
		t.Errorf("headers %v, want %v", got, want)
	}
}

func TestARefusedWebhookIsAnError(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	hooks := httptest.NewServer(http.NotFoundHandler())
	defer hooks.Close()
	if _, err := g.send(t.Context(), hooks.URL); err == nil {
		t.Error("a 404 is no error")
	}
}

func TestTheStandInAnswersOnlyWithTheToken(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	const comments = "/repos/a/b/issues/42/comments?page=1"
	for token, want := range map[string]int{g.token: http.StatusOK, "another": http.StatusUnauthorized} {
		if got := status(t.Context(), t, g.url+comments, token); got != want {
			t.Errorf("token %q: %d, want %d", token, got, want)
		}
	}
	if want := []string{"GET " + comments}; !reflect.DeepEqual(g.asked(), want) {
		t.Errorf("asked %v, want %v", g.asked(), want)
	}
}

func newGitHub(t *testing.T) *github {
	t.Helper()
	g, err := startGitHub()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.server.Close() })
	return g
}

func status(ctx context.Context, t *testing.T, url, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
