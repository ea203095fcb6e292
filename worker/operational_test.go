package worker_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// callsAPI fails when the issue says so, and calls the API when it is not closed.
const callsAPI = `
export const onWebhookPayloadReceived = async (nango, payload) => {
  if (payload.issue.title === 'fail') throw new Error('boom');
  if (payload.issue.title === 'call') await nango.get({ endpoint: '/me' });
  await nango.batchSave([{ id: payload.issue.id }], 'Issue');
};`

// watcher is an app that opted into operational webhooks and gets nothing else.
type watcher struct {
	*receiver
	id synchook.EndpointID
}

func (h *house) watcher(p synchook.Project, statuses []int, types ...synchook.OperationalType) *watcher {
	h.t.Helper()
	w := &watcher{receiver: newReceiver(h.t, statuses...)}
	e, err := h.store.CreateEndpoint(context.Background(), synchook.Caller{Project: p.ID}, synchook.Endpoint{
		URL: w.URL, Operational: types, Filter: synchook.EndpointFilter{NoSyncs: true}, RetrySchedule: []time.Duration{time.Second},
	}, storetest.SigningSecret)
	if err != nil {
		h.t.Fatal(err)
	}
	w.id = e.ID
	return w
}

// told is the next operational webhook, which must be signed.
func (w *watcher) told(t *testing.T) (kind string, data map[string]any) {
	t.Helper()
	q := w.want(t)
	oracle, err := standardwebhooks.NewWebhook(storetest.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := oracle.Verify([]byte(q.body), q.header); err != nil {
		t.Errorf("the Standard Webhooks library: %v", err)
	}
	var body struct {
		Type      string
		Timestamp time.Time
		Data      map[string]any
	}
	if err := json.Unmarshal([]byte(q.body), &body); err != nil || time.Since(body.Timestamp) > time.Minute {
		t.Errorf("told: %s (%v)", q.body, err)
	}
	return body.Type, body.Data
}

// operational returns the types of the operational deliveries of the project that were ever made, sorted.
func (h *house) operational(x storetest.Sync) []string {
	h.t.Helper()
	keys, err := h.rdb.Keys(context.Background(), "{"+string(x.Project.ID)+"}:dlv:*").Result()
	if err != nil {
		h.t.Fatal(err)
	}
	var types []string
	for _, key := range keys {
		d, err := h.store.Delivery(context.Background(), x.Project.ID, synchook.DeliveryID(key[strings.LastIndexByte(key, ':')+1:]))
		if err != nil {
			h.t.Fatal(err)
		}
		if d.Operational != "" {
			types = append(types, string(d.Operational)+" to "+string(d.Endpoint))
		}
	}
	slices.Sort(types)
	return types
}

func TestAppsAreToldOnceThatASyncFailsAndOnceThatItRecovered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, bundle(t, callsAPI))
	first := newReceiver(t)
	h.settings(x, func(s *synchook.Settings) {
		s.WebhookURL, s.Operational, s.RunRetrySchedule = first.URL, []synchook.OperationalType{synchook.SyncFailed}, []time.Duration{time.Millisecond}
	})
	w := h.watcher(x.Project, nil, synchook.SyncFailed, synchook.SyncRecovered)
	h.watcher(x.Project, nil, synchook.ConnectionRefused, synchook.DeliveryGivenUp)
	var runs []synchook.Run
	for _, title := range []string{"well", "fail", "fail", "well", "well"} {
		runs = append(runs, h.run(x, h.github(x, synchook.NewID("d_", time.Now()), opened("1", title)).Event))
	}
	kind, data := w.told(t)
	if kind != "sync.failed" || data["connectionId"] != "user-1" || data["providerConfigKey"] != "github" || data["syncName"] != "issues" ||
		data["runId"] != string(runs[1].ID) || data["attempts"] != 2.0 || !strings.Contains(data["error"].(string), "boom") {
		t.Errorf("told first: %s %v", kind, data)
	}
	if kind, data := w.told(t); kind != "sync.recovered" || data["runId"] != string(runs[3].ID) {
		t.Errorf("told then: %s %v", kind, data)
	}
	want := []string{"sync.failed to " + string(w.id), "sync.failed to " + string(x.Project.Endpoint), "sync.recovered to " + string(w.id)}
	slices.Sort(want)
	if got := h.operational(x); !slices.Equal(got, want) {
		t.Errorf("the deliveries are %q, want %q", got, want)
	}
}

// newAPI is an external API that wants the token.
func (h *house) newAPI(x *storetest.Sync, token *atomic.Value) {
	h.t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token.Load().(string) {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	h.t.Cleanup(api.Close)
	x.Integration.BaseURL = api.URL
	if _, err := h.store.UpdateIntegration(context.Background(), x.Project.ID, x.Integration); err != nil {
		h.t.Fatal(err)
	}
}

// credentials gives the connection another token.
func (h *house) credentials(x storetest.Sync, token string) {
	h.t.Helper()
	_, err := h.store.UpdateConnection(context.Background(), x.Project.ID, x.Connection.ID, func(c *synchook.Connection) error {
		c.Credentials = synchook.Credentials{Kind: synchook.CredentialsBearer, Value: token}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestAppsAreToldOnceThatAConnectionsCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, bundle(t, callsAPI))
	var token atomic.Value
	token.Store("the first token")
	h.newAPI(&x, &token)
	h.credentials(x, "the first token")
	h.settings(x, func(s *synchook.Settings) { s.RunRetrySchedule = []time.Duration{time.Millisecond} })
	w := h.watcher(x.Project, nil, synchook.ConnectionRefused)
	call := func() synchook.Run {
		return h.run(x, h.github(x, synchook.NewID("d_", time.Now()), opened("1", "call")).Event)
	}
	wantRefused := func(when string) {
		t.Helper()
		kind, data := w.told(t)
		if kind != "connection.refused" || data["connectionId"] != "user-1" || data["syncName"] != "issues" || data["lastStatus"] != 401.0 ||
			!strings.HasPrefix(data["reason"].(string), x.Integration.BaseURL+" answered 401") {
			t.Errorf("%s: %s %v", when, kind, data)
		}
	}
	call()
	token.Store("the second token")
	call()
	call()
	wantRefused("a revoked token")
	h.credentials(x, "the second token")
	if run := call(); run.State != synchook.RunSucceeded {
		t.Fatalf("with the new token the run is %s: %s", run.State, run.Error)
	}
	h.credentials(x, "a wrong token")
	call()
	wantRefused("a wrong token")
	h.credentials(x, "another wrong token")
	call()
	wantRefused("another wrong token")
	if n := len(h.operational(x)); n != 3 {
		t.Errorf("%d webhooks told of it, want 3", n)
	}
}

func TestAppsAreToldOfADeliveryThatIsGivenUpAndNeverOfOneThatToldIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := storetest.NewSync(t, h.store, bundle(t, callsAPI))
	bad := newReceiver(t, 500, 502)
	h.settings(x, func(s *synchook.Settings) {
		s.WebhookURL, s.RetrySchedule = bad.URL+"/hook?key=hidden", []time.Duration{time.Second}
	})
	deaf := h.watcher(x.Project, []int{500, 500}, synchook.DeliveryGivenUp)
	w := h.watcher(x.Project, nil, synchook.DeliveryGivenUp)
	run := h.run(x, h.github(x, "d-1", opened("1", "well")).Event)
	kind, data := w.told(t)
	if kind != "delivery.exhausted" || data["deliveryId"] != string(run.Deliveries[0]) || data["endpointId"] != string(x.Project.Endpoint) ||
		data["url"] != bad.URL+"/hook" || data["model"] != "Issue" || data["runId"] != string(run.ID) || data["attempts"] != 2.0 || data["lastStatus"] != 502.0 {
		t.Errorf("told: %s %v", kind, data)
	}
	id := synchook.OperationalDeliveryID(synchook.DeliveryGivenUp, string(run.Deliveries[0]), 0, deaf.id)
	h.until("what the deaf one was to be told is given up", func() bool {
		d, err := h.store.Delivery(t.Context(), x.Project.ID, id)
		return err == nil && d.State == synchook.DeliveryExhausted && d.Attempts == 2
	})
	if got := h.operational(x); len(got) != 2 {
		t.Errorf("the deliveries are %q, want one to each", got)
	}
}
