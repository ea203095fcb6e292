package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/proxy"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

func TestOnlyAnAnswerToTheConnectionsCredentialsSaysWhetherTheyAreRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]store.Standing{
		0: store.Unknown, 100: store.Unknown, 199: store.Unknown, 200: store.Good, 204: store.Good, 299: store.Good,
		300: store.Unknown, 304: store.Unknown, 400: store.Unknown, 401: store.Bad, 403: store.Unknown, 404: store.Unknown,
		407: store.Unknown, 429: store.Unknown, 500: store.Unknown, 503: store.Unknown,
	} {
		got := accessOf(proxy.Response{Status: status, Authorized: true}, 7)
		if got.Standing != want || got.Credentials != 7 {
			t.Errorf("%d says %+v, want %q of credentials 7", status, got, want)
		}
		if got := accessOf(proxy.Response{Status: status}, 7); got.Standing != store.Unknown {
			t.Errorf("%d to a request without the credentials says %q", status, got.Standing)
		}
	}
}

// optedIn is an endpoint that gets all operational webhooks.
func optedIn(id synchook.EndpointID) synchook.Endpoint {
	return synchook.Endpoint{ID: id, URL: "https://" + string(id) + ".example", Operational: []synchook.OperationalType{
		synchook.SyncFailed, synchook.SyncRecovered, synchook.EndpointDisabled, synchook.EndpointRecovered, synchook.DeliveryGivenUp, synchook.ConnectionRefused,
	}}
}

// theirs are the types that a run owes, and to whom.
func theirs(deliveries []synchook.Delivery) []string {
	var list []string
	for _, d := range deliveries {
		list = append(list, string(d.Operational)+" to "+string(d.Endpoint))
	}
	return list
}

func TestWhatARunTells(t *testing.T) {
	t.Parallel()
	refused, taken := store.Access{Standing: store.Bad}, store.Access{Standing: store.Good}
	for name, c := range map[string]struct {
		state   synchook.RunState
		back    bool
		unknown bool // what it needs could not be read
		access  store.Access
		sync    store.Standing
		want    []string
	}{
		"it succeeded":                   {state: synchook.RunSucceeded, access: taken, sync: store.Good, want: []string{"sync.recovered to end_1", "sync.recovered to end_2"}},
		"it failed":                      {state: synchook.RunFailed, sync: store.Bad, want: []string{"sync.failed to end_1", "sync.failed to end_2"}},
		"it was cancelled":               {state: synchook.RunCancelled},
		"it is tried again":              {state: synchook.RunQueued},
		"it went back":                   {state: synchook.RunQueued, back: true, access: refused},
		"it is not known whom to tell":   {state: synchook.RunFailed, unknown: true, access: refused},
		"refused, and it is tried again": {state: synchook.RunQueued, access: refused, want: []string{"connection.refused to end_1", "connection.refused to end_2"}},
		"refused, and it was cancelled":  {state: synchook.RunCancelled, access: refused, want: []string{"connection.refused to end_1", "connection.refused to end_2"}},
		"refused, and it failed": {state: synchook.RunFailed, access: refused, sync: store.Bad, want: []string{
			"sync.failed to end_1", "sync.failed to end_2", "connection.refused to end_1", "connection.refused to end_2",
		}},
	} {
		own := optedIn("end_own") // takes the place of the first one for what syncs tell
		own.Connection = "con_1"
		silent := optedIn("end_3")
		silent.Operational = nil
		j := &job{known: !c.unknown, access: c.access}
		j.Project.Endpoint = "end_1"
		j.Settings.WebhookURL, j.Settings.Operational = "https://one.example", own.Operational
		j.Endpoints = []synchook.Endpoint{own, optedIn("end_2"), silent}
		done := j.tell(store.RunDone{Run: synchook.Run{ID: "run_1", State: c.state}, Back: c.back}, time.Now())
		if got := theirs(done.Deliveries); !slices.Equal(got, c.want) || done.Sync != c.sync {
			t.Errorf("%s: it leaves its sync %q and owes %q, want %q and %q", name, done.Sync, got, c.sync, c.want)
		}
		noted := c.access
		if c.back || c.unknown {
			noted = store.Access{}
		}
		if done.Access != noted {
			t.Errorf("%s: it notes %+v, want %+v", name, done.Access, noted)
		}
	}
}

func TestTellingAgainIsTheSameDelivery(t *testing.T) {
	t.Parallel()
	j := &job{known: true}
	j.Endpoints = []synchook.Endpoint{{}, optedIn("end_2")}
	run := synchook.Run{ID: synchook.RunID(synchook.NewID(synchook.RunPrefix, time.Now())), State: synchook.RunFailed, Attempts: 1}
	first := j.tell(store.RunDone{Run: run}, time.Now()).Deliveries[0]
	run.Attempts = 2 // as another worker counts
	if again := j.tell(store.RunDone{Run: run}, time.Now().Add(time.Second)).Deliveries[0]; again.ID != first.ID {
		t.Errorf("%s was told as %s and then as %s", run.ID, first.ID, again.ID)
	}
	if age := time.Since(synchook.IDTime(string(first.ID))); age < -time.Second || age > time.Minute {
		t.Errorf("the ID %s is %v old", first.ID, age)
	}
}

// fakeEndpoints is a store that knows endpoints.
type fakeEndpoints struct {
	Store
	list []synchook.Endpoint
	err  error
}

func (f fakeEndpoints) Endpoints(context.Context, synchook.ProjectID) ([]synchook.Endpoint, error) {
	return f.list, f.err
}

func TestWhatADeliveryTells(t *testing.T) {
	t.Parallel()
	ends := []synchook.Endpoint{optedIn("end_1"), optedIn("end_2")}
	for name, c := range map[string]struct {
		state       synchook.DeliveryState
		operational synchook.OperationalType
		err         error
		left        synchook.DeliveryState
		want        []string
	}{
		"delivered":                            {state: synchook.DeliveryDelivered, left: synchook.DeliveryDelivered},
		"tried again":                          {state: synchook.DeliveryPending, left: synchook.DeliveryPending},
		"cancelled":                            {state: synchook.DeliveryCancelled, left: synchook.DeliveryCancelled},
		"given up":                             {state: synchook.DeliveryExhausted, left: synchook.DeliveryExhausted, want: []string{"delivery.exhausted to end_1", "delivery.exhausted to end_2"}},
		"given up, of our own work":            {state: synchook.DeliveryExhausted, operational: synchook.DeliveryGivenUp, left: synchook.DeliveryExhausted},
		"given up, and nobody knows who cares": {state: synchook.DeliveryExhausted, err: errors.New("the store is away"), left: synchook.DeliveryPending},
	} {
		d := &deliverer{store: fakeEndpoints{list: ends, err: c.err}}
		delivery := synchook.Delivery{ID: "dlv_1", State: c.state, Reason: "it failed"}
		delivery.Operational, delivery.Endpoint = c.operational, "end_1"
		done := d.tell(t.Context(), store.DeliveryDone{Delivery: delivery}, "https://one.example")
		if got := theirs(done.Deliveries); !slices.Equal(got, c.want) || done.Delivery.State != c.left {
			t.Errorf("%s: it is %s and owes %q, want %s and %q", name, done.Delivery.State, got, c.left, c.want)
		}
		if c.err != nil && (done.Wait <= 0 || done.Delivery.Cause != synchook.WaitFault || !strings.Contains(done.Delivery.Reason, "the store is away")) {
			t.Errorf("%s: it waits %v: %s", name, done.Wait, done.Delivery.Reason)
		}
	}
}

func TestWhatIsToldOfADeliveryThatIsGivenUp(t *testing.T) {
	t.Parallel()
	lost := synchook.Delivery{
		ID: "dlv_1", Attempts: 3, LastStatus: 500, Reason: "all 3 attempts failed",
		Body:          webhook.SyncBody{ConnectionID: "user-1", ProviderConfigKey: "github", SyncName: "issues", Model: "Issue"}.Bytes(),
		DeliveryFacts: synchook.DeliveryFacts{Endpoint: "end_1", Run: "run_1", Integration: "int_1", Connection: "con_1", Sync: "syn_1", Model: "Issue"},
	}
	told := givenUp([]synchook.Endpoint{optedIn("end_2")}, lost, "https://one.example/hook?key=secret", time.UnixMilli(1_700_000_000_123))
	want := `{"type":"delivery.exhausted","timestamp":"2023-11-14T22:13:20.123Z","data":{"deliveryId":"dlv_1","endpointId":"end_1",` +
		`"url":"https://one.example/hook","connectionId":"user-1","providerConfigKey":"github","syncName":"issues","model":"Issue","runId":"run_1",` +
		`"attempts":3,"lastStatus":500,"reason":"all 3 attempts failed"}}`
	if len(told) != 1 || string(told[0].Body) != want {
		t.Fatalf("told is %s, want %s", told[0].Body, want)
	}
	if f := told[0].DeliveryFacts; f.Endpoint != "end_2" || f.Connection != "con_1" || f.Run != "" || f.Model != "" {
		t.Errorf("the facts are %+v", f)
	}
}

func TestADeliveryThatIsGivenUpAgainAfterARetryIsToldAgain(t *testing.T) {
	t.Parallel()
	ends := []synchook.Endpoint{optedIn("end_2")}
	lost := synchook.Delivery{ID: "dlv_1", Attempts: 3}
	first, again := givenUp(ends, lost, "https://one.example", time.Now())[0], givenUp(ends, lost, "https://one.example", time.Now())[0]
	if first.ID != again.ID {
		t.Errorf("handed in again, it is told as %s and as %s", first.ID, again.ID)
	}
	lost.Base, lost.Attempts = 3, 6
	if retried := givenUp(ends, lost, "https://one.example", time.Now())[0]; retried.ID == first.ID {
		t.Errorf("given up again, it is told as %s, which was told already", retried.ID)
	}
}
