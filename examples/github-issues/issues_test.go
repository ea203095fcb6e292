// Package githubissues tests the example sync beside it as a deployment would run it.
package githubissues

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/definition"
	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/script"
)

// fakeHost is GitHub and the store: it answers requests by their path and query, and keeps what the
// script does.
type fakeHost struct {
	script.Host
	metadata string
	answers  map[string]answer

	mu       sync.Mutex
	requests []string
	saved    []script.Record
	deleted  []string
	lines    []string
}

type answer struct{ body, link string }

func (f *fakeHost) Proxy(_ context.Context, r proxy.Request) (proxy.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := r.Endpoint + "?" + r.Query
	f.requests = append(f.requests, asked)
	a, ok := f.answers[asked]
	if !ok {
		return proxy.Response{}, fmt.Errorf("nobody expects the request %s", asked)
	}
	return proxy.Response{Status: http.StatusOK, StatusText: "OK", Header: map[string]string{"link": a.link}, Body: []byte(a.body)}, nil
}

func (f *fakeHost) Save(_ context.Context, _ string, records []script.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saved = append(f.saved, records...)
	return nil
}

func (f *fakeHost) Delete(_ context.Context, _ string, ids []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deleted = append(f.deleted, ids...)
	return nil
}

func (f *fakeHost) Metadata(context.Context) ([]byte, error) { return []byte(f.metadata), nil }

func (f *fakeHost) Log(_ context.Context, level, message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, level+": "+message)
}

// run loads this folder and runs its sync.
func run(t *testing.T, host *fakeHost, lastSync *time.Time, payload []byte) {
	t.Helper()
	project, faults := definition.Load(".")
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	s := project.Syncs[0]
	in := script.Input{
		Code: s.Code, SourceMap: s.SourceMap,
		Run: script.Facts{ConnectionID: "user-1", ProviderConfigKey: "github", SyncName: s.Name, Models: s.Models, LastSyncDate: lastSync},
	}
	if payload != nil {
		in.Webhook = &script.Webhook{Payload: payload, EventType: "issues"}
	}
	if err := script.New(script.Limits{}).Run(t.Context(), in, host); err != nil {
		t.Fatal(err)
	}
}

func payload(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../demo/testdata/issues.opened.json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const commentsOf42 = "/repos/lighthouse-keepers/signal-book/issues/42/comments?per_page=100&page=1"

func TestTheFolderSubscribesToIssues(t *testing.T) {
	t.Parallel()
	project, faults := definition.Load(".")
	if len(faults) > 0 || len(project.Syncs) != 1 {
		t.Fatalf("%d syncs, faults %v", len(project.Syncs), faults)
	}
	s := project.Syncs[0]
	if !reflect.DeepEqual(s.Subscriptions, []string{"issues"}) || s.Frequency != 30*time.Minute || !s.AutoStart {
		t.Errorf("%v every %v, auto start %v", s.Subscriptions, s.Frequency, s.AutoStart)
	}
}

func TestAnOpenedIssueIsSavedWithItsComments(t *testing.T) {
	t.Parallel()
	host := &fakeHost{answers: map[string]answer{
		commentsOf42: {body: `[{"user":{"login":"grace-keeper"},"body":"I saw it too."},{"user":null,"body":"Me not."}]`},
	}}
	run(t, host, nil, payload(t))
	want := `{"id":"2417300981","number":42,"title":"The lamp blinks twice after midnight","state":"open","author":"ada-keeper",` +
		`"comments":[{"author":"grace-keeper","body":"I saw it too."},{"author":"ghost","body":"Me not."}],` +
		`"url":"https://github.com/lighthouse-keepers/signal-book/issues/42","updated_at":"2026-11-24T21:04:17Z"}`
	if len(host.saved) != 1 || string(host.saved[0].Payload) != want {
		t.Errorf("saved %s, want %s", host.saved, want)
	}
}

func TestAnIssueThatIsGoneIsDeleted(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"deleted", "transferred"} {
		host := &fakeHost{}
		run(t, host, nil, []byte(strings.Replace(string(payload(t)), `"opened"`, `"`+action+`"`, 1)))
		if !reflect.DeepEqual(host.deleted, []string{"2417300981"}) || len(host.saved)+len(host.requests) > 0 {
			t.Errorf("%s: deleted %v, saved %d, requests %v", action, host.deleted, len(host.saved), host.requests)
		}
	}
}

func TestThePollReadsEveryPageSinceTheLastOne(t *testing.T) {
	t.Parallel()
	const list = "/repos/a/b/issues?state=all&since=2026-11-24T00%3A00%3A00.000Z&per_page=100&page="
	host := &fakeHost{metadata: `{"repos":["a/b"]}`, answers: map[string]answer{
		list + "1": {body: issues(t, 1, 2), link: `<https://api.github.com/repositories/1/issues?page=2>; rel="next", <https://api.github.com/repositories/1/issues?page=2>; rel="last"`},
		list + "2": {body: issues(t, 3), link: `<https://api.github.com/repositories/1/issues?page=1>; rel="prev"`},
		"/repos/a/b/issues/1/comments?per_page=100&page=1": {body: `[]`},
		"/repos/a/b/issues/3/comments?per_page=100&page=1": {body: `[]`},
	}}
	last := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	run(t, host, &last, nil)
	var ids []string
	for _, record := range host.saved {
		ids = append(ids, record.ID)
	}
	if want := []string{"1001", "1003"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("saved %v, want %v: the second is a pull request", ids, want)
	}
}

// issues returns a page of issues with those numbers; an even one is a pull request.
func issues(t *testing.T, numbers ...int) string {
	t.Helper()
	var list []map[string]any
	for _, n := range numbers {
		issue := map[string]any{"id": 1000 + n, "number": n, "title": "t", "state": "open", "user": nil, "comments": 0, "html_url": "u", "updated_at": "2026-11-24T01:00:00Z"}
		if n%2 == 0 {
			issue["pull_request"] = map[string]any{"url": "u"}
		}
		list = append(list, issue)
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAPollWithoutRepositoriesSaysSo(t *testing.T) {
	t.Parallel()
	host := &fakeHost{metadata: `{}`}
	run(t, host, nil, nil)
	if len(host.requests) > 0 || len(host.lines) != 1 || !strings.HasPrefix(host.lines[0], "warn: ") {
		t.Errorf("requests %v, log %v", host.requests, host.lines)
	}
}
