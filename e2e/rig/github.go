package rig

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
	"strings"
	"sync/atomic"
	"testing"
)

// GitHub stands in for GitHub: it pushes webhooks, and answers API requests that carry the token. Its
// API can be down, and can misbehave.
type GitHub struct {
	*site
	secret string
	token  string
	nonce  string // tells its answers from another's
	asked  atomic.Int64
}

// NewGitHub starts a GitHub that signs with a secret and wants a token.
func NewGitHub(t testing.TB, secret, token string) *GitHub {
	t.Helper()
	g := &GitHub{secret: secret, token: token, nonce: rand.Text()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/octo/{connection}/issues/{number}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+g.token {
			http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
			return
		}
		g.answer(w, r, g.issue)
	})
	g.site = newSite(t, mux)
	return g
}

// issue answers an API request. No two answers are the same, also of two GitHubs: a run that a crash repeats saves
// something else than before it.
func (g *GitHub) issue(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	title := fmt.Sprintf("Issue %s of %s, answer %d of %s", r.PathValue("number"), r.PathValue("connection"), g.asked.Add(1), g.nonce)
	_ = json.NewEncoder(w).Encode(map[string]string{"title": title}) // a script that has gone asks again
}

// Secret is what the webhooks are signed with.
func (g *GitHub) Secret() string { return g.secret }

// Token is what API requests must carry.
func (g *GitHub) Token() string { return g.token }

// Asked returns how many API requests were answered well so far.
func (g *GitHub) Asked() int { return int(g.asked.Load()) }

// Issue is what GitHub tells of.
type Issue struct {
	Connection   string
	Installation int
	Number       int
}

// Answer is what GitHub is told by whom it sent a webhook to.
type Answer struct {
	Status    int    `json:"-"`
	Event     string `json:"event_id"`
	Duplicate bool   `json:"duplicate"`
	Runs      int    `json:"runs"`
}

// OK reports whether the webhook was accepted.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Push sends a webhook of an issue once. Sent again with the same ID, it is the same one.
func (g *GitHub) Push(ctx context.Context, url, id string, i Issue) (Answer, error) {
	return g.Send(ctx, url, id, fmt.Appendf(nil, `{"action":"opened","issue":{"number":%d},"repository":{"full_name":"octo/%s"},"installation":{"id":%d}}`,
		i.Number, i.Connection, i.Installation))
}

// Send sends the body of a webhook of an issue once, signed as GitHub does.
func (g *GitHub) Send(ctx context.Context, url, id string, body []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
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
		return Answer{}, err
	}
	defer resp.Body.Close()
	a := Answer{Status: resp.StatusCode}
	return a, json.NewDecoder(resp.Body).Decode(&a)
}

// NewID returns an ID as GitHub gives its webhooks.
func NewID() string { return strings.ToLower(rand.Text()) }
