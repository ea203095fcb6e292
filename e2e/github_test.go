package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// GitHub stands in for GitHub: it pushes webhooks, and answers API requests that carry the token.
type GitHub struct {
	server *httptest.Server
	secret string
	token  string
	gate   *gate // of API requests
	asked  atomic.Int64
}

func newGitHub(t *testing.T) *GitHub {
	t.Helper()
	g := &GitHub{secret: rand.Text(), token: rand.Text(), gate: newGate()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/octo/{connection}/issues/{number}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+g.token {
			http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
			return
		}
		g.gate.pass(r.Context())
		w.Header().Set("Content-Type", "application/json")
		// No two answers are the same: a run that a crash repeats saves something else than before it.
		fmt.Fprintf(w, `{"title":"Issue %s of %s, answer %d"}`, r.PathValue("number"), r.PathValue("connection"), g.asked.Add(1))
	})
	g.server = httptest.NewServer(mux)
	t.Cleanup(func() { g.gate.open(); g.server.Close() })
	return g
}

// issue is what GitHub tells of.
type issue struct {
	connection   string
	installation int
	number       int
}

// answer is what GitHub is told by whom it sent a webhook to.
type answer struct {
	Status    int
	Event     string `json:"event_id"`
	Duplicate bool   `json:"duplicate"`
	Runs      int    `json:"runs"`
}

// ok reports whether the webhook was accepted.
func (a answer) ok() bool { return a.Status >= 200 && a.Status < 300 }

// Push sends a webhook once, signed as GitHub does. Sent again with the same ID, it is the same one.
func (g *GitHub) Push(ctx context.Context, url, id string, i issue) (answer, error) {
	body := fmt.Appendf(nil, `{"action":"opened","issue":{"number":%d},"repository":{"full_name":"octo/%s"},"installation":{"id":%d}}`,
		i.number, i.connection, i.installation)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	mac := hmac.New(sha256.New, []byte(g.secret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GitHub-Hookshot/e2e")
	req.Header.Set("X-GitHub-Event", "issues")
	req.Header.Set("X-GitHub-Delivery", id)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{Status: resp.StatusCode}
	return a, json.NewDecoder(resp.Body).Decode(&a)
}

// newID returns an ID as GitHub gives its webhooks.
func newID() string { return strings.ToLower(rand.Text()) }
