package worker_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/netguard"
	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
	"github.com/synchook/synchook/worker"
)

// house is a worker at work on a real Redis, with all around it that it needs.
type house struct {
	t      *testing.T
	store  *store.Store
	queue  *queue.Queue
	intake *intake.Intake
	rdb    *redis.Client
	stop   func() // stops the worker; the test's end does too
}

// newHouse starts a worker, which stops with the test.
func newHouse(t *testing.T, change ...func(*worker.Options)) *house {
	t.Helper()
	rdb := storetest.Redis(t)
	h := &house{t: t, rdb: rdb, store: storetest.On(t, rdb), queue: queue.New(rdb, time.Minute)}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h.intake = &intake.Intake{Store: h.store, Queue: h.queue, Log: log, Now: time.Now}
	guard := netguard.New(netguard.Options{Allow: netguard.Loopback()})
	o := worker.Options{
		Store: h.store, Queue: h.queue, Redis: rdb, Planner: h.intake, Log: log, Registry: prometheus.NewRegistry(),
		Engine: script.New(script.Limits{Timeout: 2 * time.Second, Memory: 64 << 20}),
		Proxy:  &proxy.Client{Transport: guard.Transport()},
		Sender: webhook.NewSender(webhook.Options{Transport: guard.Transport()}),
		Grace:  time.Second,
	}
	for _, c := range change {
		c(&o)
	}
	w := worker.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	h.stop = func() { cancel(); running.Wait() }
	t.Cleanup(h.stop)
	return h
}

// github sends an event for the connection to intake, as the server does.
func (h *house) github(x storetest.Sync, id, body string) intake.Receipt {
	h.t.Helper()
	p, _ := provider.Lookup("github")
	r, err := h.intake.Receive(context.Background(), intake.Incoming{
		Project: x.Project.ID, Integration: x.Integration, Provider: p, Request: signed(x.Integration.Secrets[0], id, body),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// settings changes the project's settings.
func (h *house) settings(x storetest.Sync, change func(*synchook.Settings)) {
	h.t.Helper()
	_, err := h.store.UpdateSettings(context.Background(), synchook.Caller{Project: x.Project.ID}, "", func(s *synchook.Settings) error {
		change(s)
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// run waits until the only run of the event has ended.
func (h *house) run(x storetest.Sync, event synchook.EventID) synchook.Run {
	h.t.Helper()
	e, err := h.store.Event(context.Background(), x.Project.ID, event)
	if err != nil || len(e.Runs) != 1 {
		h.t.Fatalf("event %s has runs %v, want one: %v (%s)", event, e.Runs, err, e.Reason)
	}
	return h.ended(x, e.Runs[0])
}

func (h *house) ended(x storetest.Sync, id synchook.RunID) synchook.Run {
	h.t.Helper()
	var run synchook.Run
	h.until("run "+string(id)+" has ended", func() bool {
		var err error
		if run, err = h.store.Run(context.Background(), x.Project.ID, id); err != nil {
			h.t.Fatal(err)
		}
		return run.State.Ended()
	})
	return run
}

// trigger queues a manual run.
func (h *house) trigger(x storetest.Sync) synchook.RunID {
	h.t.Helper()
	run := synchook.Run{
		ID:          synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now())),
		Integration: x.Integration.ID, Connection: x.Connection.ID, Sync: x.Sync.ID, Trigger: synchook.TriggerManual,
	}
	hints, err := h.store.AddRuns(context.Background(), x.Project.ID, []synchook.Run{run})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.queue.Send(context.Background(), hints...); err != nil {
		h.t.Fatal(err)
	}
	return run.ID
}

// until waits for what a worker does meanwhile.
func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			h.t.Fatalf("waited 30 s until %s", what)
		case <-tick.C:
		}
	}
}

// receiver is a customer's app.
type receiver struct {
	*httptest.Server
	got chan request
}

type request struct {
	header http.Header
	body   string
	at     time.Time
}

// newReceiver answers with the statuses in turn, and then with 200.
func newReceiver(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{got: make(chan request, 1000)}
	var mu sync.Mutex
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		mu.Lock()
		status := 200
		if len(statuses) > 0 {
			status, statuses = statuses[0], statuses[1:]
		}
		mu.Unlock()
		r.got <- request{q.Header, string(body), time.Now()}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "answer")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) want(t *testing.T) request {
	t.Helper()
	select {
	case q := <-r.got:
		return q
	case <-time.After(30 * time.Second):
		t.Fatal("no webhook came within 30 s")
		return request{}
	}
}

const saveIssue = `
export const onWebhookPayloadReceived = async (nango, payload) => {
  await nango.batchSave([{ id: payload.issue.id, title: payload.issue.title }], 'Issue');
};
export default async (nango) => {
  await nango.batchSave([{ id: 1, title: 'polled' }, { id: 2, title: 'polled' }], 'Issue');
};`

func opened(id, title string) string {
	return `{"action":"opened","installation":{"id":1},"issue":{"id":` + id + `,"title":"` + title + `"}}`
}

func TestAnEventBecomesARecordAndASignedWebhook(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, bundle(t, saveIssue))
	r := newReceiver(t)
	h.settings(x, func(s *synchook.Settings) { s.WebhookURL = r.URL + "/hook" })

	run := h.run(x, h.github(x, "d-1", opened("7", "first")).Event)
	if run.State != synchook.RunSucceeded || run.Counts["Issue"] != (synchook.Counts{Added: 1}) {
		t.Fatalf("run: %+v", run)
	}
	q := r.want(t)
	want := `{"connectionId":"user-1","providerConfigKey":"github","syncName":"issues","model":"Issue",` +
		`"responseResults":{"Issue":{"added":1,"updated":0,"deleted":0}},"syncType":"INCREMENTAL","queryTimeStamp":"` +
		run.Started.UTC().Format("2006-01-02T15:04:05.000Z") + `"}`
	if q.body != want {
		t.Errorf("body\n %s, want\n %s", q.body, want)
	}
	wh, err := standardwebhooks.NewWebhook(storetest.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := wh.Verify([]byte(q.body), q.header); err != nil {
		t.Errorf("the Standard Webhooks library: %v", err)
	}
	records, _, err := h.store.Records(t.Context(), x.Project.ID, store.RecordQuery{
		Connection: x.Connection.ID, Model: x.Sync.Models[0].ID, Delta: run.Started,
	})
	if err != nil || len(records) != 1 || records[0].ID != "7" {
		t.Errorf("delta from queryTimeStamp: %+v, %v", records, err)
	}
}

func TestAFailingReceiverGetsTheSameWebhookUntilItAnswers2xx(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, bundle(t, saveIssue))
	r := newReceiver(t, 500, 500, 500)
	// Each wait varies by a fifth, and a hint comes up to a second later: each must be longer all the same.
	h.settings(x, func(s *synchook.Settings) {
		s.WebhookURL = r.URL
		s.RetrySchedule = []time.Duration{time.Second, 3 * time.Second, 6 * time.Second, time.Hour}
	})
	run := h.run(x, h.github(x, "d-1", opened("7", "first")).Event)

	first := r.want(t)
	inspector := asynq.NewInspectorFromRedisClient(h.rdb)
	h.until("Asynqmon shows the waiting attempt", func() bool {
		tasks, err := inspector.ListScheduledTasks(queue.Deliveries)
		return err == nil && len(tasks) == 1 && strings.Contains(string(tasks[0].Payload), "500") &&
			strings.Contains(string(tasks[0].Payload), `"attempt":"2 of 5"`) && tasks[0].NextProcessAt.After(time.Now().Add(-time.Second))
	})
	last, gap := first, time.Duration(0)
	for n := 2; n <= 4; n++ {
		q := r.want(t)
		if q.header.Get("Webhook-Id") != first.header.Get("Webhook-Id") || q.body != first.body {
			t.Errorf("attempt %d differs: %v %s", n, q.header, q.body)
		}
		if q.at.Sub(last.at) <= gap {
			t.Errorf("attempt %d came %v after the one before, not later than %v", n, q.at.Sub(last.at), gap)
		}
		last, gap = q, q.at.Sub(last.at)
	}
	id := run.Deliveries[0]
	h.until("the delivery is delivered", func() bool {
		d, err := h.store.Delivery(t.Context(), x.Project.ID, id)
		return err == nil && d.State == synchook.DeliveryDelivered && d.Attempts == 4
	})
	_, attempts, err := h.store.DeliveryAttempts(t.Context(), x.Project.ID, id)
	if err != nil || len(attempts) != 4 || attempts[0].Status != 500 || attempts[3].Status != 200 || string(attempts[0].Response) != "answer" {
		t.Fatalf("attempts: %+v, %v", attempts, err)
	}
	sent := attempts[0].RequestHeaders
	if attempts[0].URL != r.URL || sent["Webhook-Signature"] != first.header.Get("Webhook-Signature") || sent["Webhook-Id"] != string(id) {
		t.Errorf("of the first request is kept %s %v, it had %v", attempts[0].URL, sent, first.header)
	}
	if attempts[3].URL == "" || attempts[3].RequestHeaders != nil || attempts[3].ResponseHeaders != nil {
		t.Errorf("of the request that succeeded is kept %+v", attempts[3])
	}
}

func TestScriptsThatRunAmokEndAsFailedRunsAndNothingElseSuffers(t *testing.T) {
	t.Parallel()
	amok := map[string]string{
		"an endless loop":          `for (;;) {}`,
		"a memory bomb":            `const a = []; for (;;) a.push(new Array(100000).fill(1));`,
		"a deep recursion":         `const f = () => f() + 1; f();`,
		"a catastrophic regex":     `/^(a+)+$/.test('a'.repeat(64) + 'b');`,
		"an error of the script's": `throw new Error('boom');`,
	}
	h := newHouse(t)
	good := storetest.NewSync(t, h.store, bundle(t, saveIssue))
	for name, code := range amok {
		t.Run(name, func(t *testing.T) {
			x := storetest.NewSync(t, h.store, bundle(t, ` export default async (nango, payload) => { `+code+` };`))
			h := &house{t: t, store: h.store, queue: h.queue, intake: h.intake, rdb: h.rdb}
			h.settings(x, func(s *synchook.Settings) { s.RunRetrySchedule = []time.Duration{time.Millisecond} })
			run := h.run(x, h.github(x, "d-1", opened("1", "x")).Event)
			if run.State != synchook.RunFailed || run.Error == "" || run.Attempts != 2 {
				t.Errorf("run: %+v", run)
			}
			log, err := h.store.Log(t.Context(), x.Project.ID, x.Connection.ID, run.ID)
			if err != nil || len(log) == 0 {
				t.Errorf("the log tells nothing: %v, %v", log, err)
			}
		})
	}
	if run := h.run(good, h.github(good, "d-1", opened("1", "x")).Event); run.State != synchook.RunSucceeded {
		t.Errorf("a run beside them: %+v", run)
	}
}

func TestScheduledRunsAreInitialUntilOneHasSucceeded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, bundle(t, saveIssue), func(s *synchook.Sync) { s.Frequency = time.Hour })
	r := newReceiver(t)
	h.settings(x, func(s *synchook.Settings) { s.WebhookURL, s.AlwaysSend = r.URL, true })

	type body struct {
		SyncType       string
		QueryTimeStamp *string
	}
	var first, second body
	if err := json.Unmarshal([]byte(r.want(t).body), &first); err != nil || first.SyncType != "INITIAL" || first.QueryTimeStamp != nil {
		t.Errorf("the first, scheduled run: %+v, %v", first, err)
	}
	h.ended(x, h.trigger(x))
	if err := json.Unmarshal([]byte(r.want(t).body), &second); err != nil || second.SyncType != "INCREMENTAL" || second.QueryTimeStamp == nil {
		t.Errorf("the next run: %+v, %v", second, err)
	}
	status, err := h.store.Status(t.Context(), x.Project.ID, x.Connection.ID, x.Sync.ID)
	if err != nil || status.LastSync.IsZero() || !status.NextRun.After(time.Now()) {
		t.Errorf("status: %+v, %v", status, err)
	}
}

func TestRecordsThatAFullRunNoLongerReturnsAreDeletedWhenTracked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, bundle(t, saveIssue), func(s *synchook.Sync) { s.TrackDeletes = true })
	h.run(x, h.github(x, "d-1", opened("99", "by webhook")).Event)
	run := h.ended(x, h.trigger(x))
	if want := (synchook.Counts{Added: 2, Deleted: 1}); run.Counts["Issue"] != want {
		t.Errorf("counts %+v, want %+v", run.Counts["Issue"], want)
	}
}

func TestACancelledRunEndsAndTellsWhatItSaved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *worker.Options) { o.Engine = script.New(script.Limits{Timeout: time.Minute}) })
	x := storetest.NewSync(t, h.store, bundle(t, ` export default async (nango) => {
		await nango.batchSave([{ id: 1 }], 'Issue');
		await new Promise((done) => setTimeout(done, 50000));
	};`))
	r := newReceiver(t)
	h.settings(x, func(s *synchook.Settings) { s.WebhookURL = r.URL })
	id := h.trigger(x)
	h.until("the script has saved its record", func() bool {
		records, _, err := h.store.Records(t.Context(), x.Project.ID, store.RecordQuery{Connection: x.Connection.ID, Model: x.Sync.Models[0].ID})
		return err == nil && len(records) == 1
	})
	if _, err := h.store.CancelRun(t.Context(), x.Project.ID, id); err != nil {
		t.Fatal(err)
	}
	if run := h.ended(x, id); run.State != synchook.RunCancelled || run.Counts["Issue"].Added != 1 {
		t.Errorf("run: %+v", run)
	}
	r.want(t)
}
