package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// issuesOpened is a payload in the shape of GitHub's `issues` webhooks.
//
//go:embed testdata/issues.opened.json
var issuesOpened []byte

const issueComments = `[
  {"id": 1, "user": {"login": "grace-keeper"}, "body": "I saw it too."},
  {"id": 2, "user": {"login": "ada-keeper"}, "body": "The relay is worn. I ordered a new one."}
]`

// github stands in for GitHub: it answers API requests that carry the token, and sends webhooks that
// are signed with the secret.
type github struct {
	url    string
	token  string
	secret string
	// installation is the ID in the payload by which synchook finds the connection.
	installation float64
	issue        json.RawMessage
	server       *http.Server

	mu       sync.Mutex
	requests []string
}

// startGitHub starts the stand-in on a free port.
func startGitHub() (*github, error) {
	var payload struct {
		Issue        json.RawMessage
		Installation struct{ ID float64 }
	}
	if err := json.Unmarshal(issuesOpened, &payload); err != nil {
		return nil, fmt.Errorf("reading the example payload: %w", err)
	}
	g := &github{token: rand.Text(), secret: rand.Text(), installation: payload.Installation.ID, issue: payload.Issue}
	var err error
	g.server, g.url, err = serve(g.routes())
	return g, err
}

// serve serves a handler on a free loopback port until the server is closed.
func serve(h http.Handler) (*http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends when the server is closed
	return server, "http://" + listener.Addr().String(), nil
}

func (g *github) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/{owner}/{repo}/issues", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "[%s]", g.issue)
	})
	mux.HandleFunc("GET /repos/{owner}/{repo}/issues/{number}/comments", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, issueComments)
	})
	return g.authorised(mux)
}

// authorised lets requests with the token through, and keeps what they asked for.
func (g *github) authorised(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if r.Header.Get("Authorization") != "Bearer "+g.token {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"message":"Bad credentials"}`)
			return
		}
		g.mu.Lock()
		g.requests = append(g.requests, r.Method+" "+r.URL.RequestURI())
		g.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// asked returns the authorised requests so far.
func (g *github) asked() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.requests...)
}

// send sends the webhook as GitHub does, and returns its delivery ID.
func (g *github) send(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(issuesOpened))
	if err != nil {
		return "", err
	}
	delivery := uuid()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GitHub-Hookshot/demo")
	req.Header.Set("X-GitHub-Event", "issues")
	req.Header.Set("X-GitHub-Delivery", delivery)
	req.Header.Set("X-Hub-Signature-256", sign(g.secret, issuesOpened))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err == nil && (resp.StatusCode < 200 || resp.StatusCode > 299) {
		err = errors.New("synchook answered " + resp.Status + ": " + string(answer))
	}
	return delivery, err
}

// sign returns the X-Hub-Signature-256 of a body.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// uuid returns a random UUID (version 4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
