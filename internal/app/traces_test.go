package app_test

import (
	"net/http"
	"testing"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/app"
	"github.com/synchook/synchook/internal/tracetest"
)

// providers is the trace that a provider says its webhook belongs to.
const providers = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

const saveOne = `export default async function fetchData(nango: any) {
	const issue = await nango.get({endpoint: '/issues/1', params: {token: 'in-the-query'}});
	await nango.batchSave([{id: '1', title: issue.data.title}], 'Issue');
}`

func answerIssue(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"title":"a title"}`))
}

func TestOneTraceLeadsFromThePostToTheDelivery(t *testing.T) {
	t.Parallel()
	c := tracetest.New(t)
	w := newWorld(t, answerIssue, func(http.ResponseWriter, *http.Request) {}, func(o *app.Options) { o.OTLPEndpoint = c.URL })
	w.integrate("provider-secret", saveOne)
	w.connect("user-1", 1, nil)
	w.setting(&v1.ProjectSettings{WebhookUrl: w.receiver.URL}, "webhook_url")
	if status := w.push("provider-secret", "d-1", `{"action":"opened","installation":{"id":1}}`, "Traceparent", providers); status != http.StatusOK {
		t.Fatalf("the webhook is answered %d", status)
	}
	w.push("another-secret", "d-2", `{}`)
	w.until("the attempt is handed in", func() bool { return len(w.log.lines(t, "attempt")) == 1 })
	w.stop()

	root := c.One(t, "webhook")
	if root.Parent != "" || root.Trace == providers[3:35] || len(root.Links) != 1 || root.Links[0] != providers[3:35] {
		t.Errorf("the event's trace must be its own, linked to the provider's: %+v", root)
	}
	run := c.One(t, "run")
	for _, want := range []struct{ name, parent string }{
		{"accept", root.ID}, {"run", root.ID}, {"request", run.ID}, {"save", run.ID}, {"attempt", run.ID},
	} {
		if got := c.One(t, want.name); got.Trace != root.Trace || got.Parent != want.parent || got.Failure != "" {
			t.Errorf("%s: %+v, want the parent %s in the trace %s", want.name, got, want.parent, root.Trace)
		}
	}
	for _, message := range []string{"webhook", "run", "attempt"} {
		if line := w.log.lines(t, message)[0]; line["trace"] != root.Trace {
			t.Errorf("the line %q names the trace %v, want %s", message, line["trace"], root.Trace)
		}
	}
	request, attempt := c.One(t, "request"), c.One(t, "attempt")
	if got := w.api.sent("Traceparent"); len(got) != 1 || got[0] != "00-"+root.Trace+"-"+request.ID+"-01" {
		t.Errorf("the API is sent the trace %q", got)
	}
	if got := w.receiver.sent("Traceparent"); len(got) != 1 || got[0] != "00-"+root.Trace+"-"+attempt.ID+"-01" {
		t.Errorf("the receiver is sent the trace %q", got)
	}
	if request.Facts["url.full"] != w.api.URL+"/issues/1" || request.Facts["http.response.status_code"] != "200" || run.Facts["synchook.queued_ms"] == "" {
		t.Errorf("the facts: %v and %v", request.Facts, run.Facts)
	}
}

func TestWithoutACollectorNoTraceIsSentOrStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answerIssue, func(http.ResponseWriter, *http.Request) {}, func(*app.Options) {})
	w.integrate("provider-secret", saveOne)
	w.connect("user-1", 1, nil)
	w.setting(&v1.ProjectSettings{WebhookUrl: w.receiver.URL}, "webhook_url")
	w.push("provider-secret", "d-1", `{"action":"opened","installation":{"id":1}}`, "Traceparent", providers)
	w.until("the attempt is handed in", func() bool { return len(w.log.lines(t, "attempt")) == 1 })
	if api, receiver := w.api.sent("Traceparent"), w.receiver.sent("Traceparent"); api[0] != "" || receiver[0] != "" {
		t.Errorf("a trace is sent on: %q, %q", api, receiver)
	}
	for _, message := range []string{"webhook", "run", "attempt"} {
		if line := w.log.lines(t, message)[0]; line["trace"] != nil {
			t.Errorf("the line %q names a trace: %v", message, line)
		}
	}
}

func TestAllLinesOfAnEventHaveTheSameIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answerIssue, func(http.ResponseWriter, *http.Request) {}, func(*app.Options) {})
	w.integrate("provider-secret", saveOne)
	w.connect("user-1", 1, nil)
	w.setting(&v1.ProjectSettings{WebhookUrl: w.receiver.URL}, "webhook_url")
	w.push("provider-secret", "d-1", `{"action":"opened","installation":{"id":1}}`)
	w.until("the attempt is handed in", func() bool { return len(w.log.lines(t, "attempt")) == 1 })
	event, run, attempt := w.log.lines(t, "webhook")[0], w.log.lines(t, "run")[0], w.log.lines(t, "attempt")[0]
	deliveries, _ := run["deliveries"].([]any)
	if event["event"] == "" || run["event"] != event["event"] || attempt["run"] != run["run"] || len(deliveries) != 1 || deliveries[0] != attempt["delivery"] {
		t.Errorf("the lines do not belong together:\n%v\n%v\n%v", event, run, attempt)
	}
	for name, line := range map[string]map[string]any{"webhook": event, "run": run, "attempt": attempt} {
		if line["project"] != w.project.GetId() {
			t.Errorf("the line %q is of the project %v", name, line["project"])
		}
	}
	for line, phases := range map[*map[string]any][]string{
		&event: {"duration", "read", "accept"}, &run: {"duration", "queued", "load", "slot", "script", "save", "hand_in"}, &attempt: {"duration", "hand_in"},
	} {
		for _, phase := range phases {
			if _, ok := (*line)[phase].(float64); !ok {
				t.Errorf("the line does not say how long %q took: %v", phase, *line)
			}
		}
	}
}
