package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/provider"
)

const eventSecret = "the secret of the bench's integration"

// event is a webhook as GitHub sends it.
type event struct {
	number int
	body   []byte
	header http.Header
}

// newEvents makes n events about an issue each, in turn for each of the connections.
func newEvents(n, connections int) []event {
	out := make([]event, n)
	for i := range out {
		out[i] = newEvent(i%connections, i)
	}
	return out
}

func newEvent(installation, issue int) event {
	e := event{body: fmt.Appendf(nil, `{"action":"opened","issue":{"id":%d,"title":"Issue %d","state":"open"},"repository":{%s},"installation":{"id":%d}}`,
		issue, issue, repository, installation)}
	mac := hmac.New(sha256.New, []byte(eventSecret))
	mac.Write(e.body)
	e.header = http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"issues"}, "X-Github-Delivery": {rand.Text()},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}, "User-Agent": {"GitHub-Hookshot/bench"},
	}
	return e
}

// repository fills an event up to about 10 KB, of which GitHub's are mostly URLs.
var repository = func() string {
	fields := make([]string, 100)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"field_%d_url":"https://api.github.com/repos/octo-org/octo-repo/field_%d{/number}/%s"`, i, i, rand.Text())
	}
	return `"id":1,"full_name":"octo-org/octo-repo",` + strings.Join(fields, ",")
}()

// receive gives an event to intake, as the server does.
func (h *house) receive(ctx context.Context, a account, e event) error {
	github, _ := provider.Lookup("github")
	_, err := h.intake.Receive(ctx, intake.Incoming{
		Project: a.project.ID, Integration: a.integration, Provider: github,
		Request: provider.Request{Method: http.MethodPost, Header: e.header, Body: e.body, Received: time.Now()},
	})
	return err
}
