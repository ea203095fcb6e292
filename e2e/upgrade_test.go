package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	synchookclient "github.com/synchook/synchook/clients/go"
	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// asleep is how long the store of the former version is taken to have lain there: all that waits in it is
// due, and nothing is past its retention.
const asleep = 25 * time.Hour

func TestTheStoreOfTheFormerVersionIsReadAndCarriedOn(t *testing.T) {
	t.Parallel()
	if *makeStore != "" {
		makeFormer(t, *makeStore)
	}
	f := readFormer(t)
	l, move := f.open(t)
	wantKept(t, "api", map[string]any(f.Answers), map[string]any(everything(t, l.Client(), l.Connections)), move)
	l.wantExactDelta("user-1")
	l.wantDuplicate(f)

	l.moveOutside()
	owed := l.deliveries(synchookv1.DeliveryState_DELIVERY_STATE_PENDING)
	l.House.StartWorker()
	l.Receiver.Want(len(owed) + 5 + len(l.Connections)) // and those of the runs that waited, and of the schedules
	l.wantNothingWaiting()
	for waitsFor, event := range f.Waiting {
		l.wantRun(waitsFor, event, laterRuns[waitsFor])
	}
	l.wantSame(owed)
	l.wantScheduled()
	l.wantSame(l.retryGivenUp())
	if got, want := len(l.Receiver.Got()), len(owed)+5+len(l.Connections)+1; got != want {
		t.Errorf("%d webhooks came, want %d", got, want)
	}
	l.repair()
	wantHealthy(t, l.House)
}

// repair has the doctor bring the store up to date, as docs/operating.md says to do after an upgrade.
func (l *ledger) repair() {
	t := l.House.T
	t.Helper()
	doctor := rig.Start(t, "doctor", l.House.Settings(), rig.Binary(), "doctor", "--repair")
	doctor.WantEnd(2 * time.Minute)
	t.Logf("the doctor says %s", strings.Join(doctor.Output(), "\n"))
}

// laterRuns is what the events that the former version left have come to in the end.
var laterRuns = map[string]*synchookv1.Run{
	"the delivery's next attempt": {Attempts: 1, Counts: issues(2, 0, 0)},
	"the run's next attempt":      {Attempts: 2, Counts: issues(2, 0, 0)}, // its first attempt had saved one of them
	"the run before it":           {Attempts: 1, Counts: issues(1, 1, 0)},
	"the end of its post":         {Attempts: 1, Counts: issues(1, 1, 1)},
	"the end of its run":          {Attempts: 1, Interruptions: 1, Counts: issues(2, 0, 0)},
	"a worker, 8":                 {Attempts: 1, Counts: issues(1, 1, 1)},
	"a worker, 9":                 {Attempts: 1, Counts: issues(1, 1, 1)},
}

func issues(added, updated, deleted int64) map[string]*synchookv1.Counts {
	return map[string]*synchookv1.Counts{"Issue": {Added: added, Updated: updated, Deleted: deleted}, "Total": {}}
}

func readFormer(t *testing.T) former {
	t.Helper()
	var f former
	if err := json.Unmarshal([]byte(readFile(t, formerFacts)), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// open starts a server of today's on a copy of the store.
func (f former) open(t *testing.T) (*ledger, timeMove) {
	t.Helper()
	move := timeMove{made: f.Made, by: time.Now().Add(-asleep).Sub(f.Made).Truncate(time.Millisecond)}
	redis := rig.NewRedis(t)
	readStore(t, redis.Client(), formerStore, move)
	h := rig.NewHouse(t, rig.HouseOptions{Redis: redis, Settings: []string{"SYNCHOOK_ENCRYPTION_KEY=" + f.EncryptionKey}})
	return &ledger{Project: &rig.Project{
		House: h, ID: f.Project, PublicID: f.PublicID, Key: f.Key, Connections: f.Connections,
		GitHub: rig.NewGitHub(t, f.WebhookSecret, f.Token), Receiver: rig.NewReceiver(t, f.SigningSecret),
	}}, move
}

// moveOutside tells the project where its receiver and its GitHub are now.
func (l *ledger) moveOutside() {
	t := l.House.T
	t.Helper()
	l.Set(&synchookv1.ProjectSettings{WebhookUrl: l.Receiver.URL()}, "webhook_url")
	_, err := l.Client().Integrations.UpdateIntegration(t.Context(), &synchookv1.UpdateIntegrationRequest{
		Integration: &synchookv1.Integration{ProviderConfigKey: "github", Provider: "github", BaseUrl: l.GitHub.URL()},
		UpdateMask:  &fieldmaskpb.FieldMask{Paths: []string{"base_url"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantExactDelta wants delta to return what changed at a time or later and nothing else, for each time at
// which something changed.
func (l *ledger) wantExactDelta(connection string) {
	t := l.House.T
	t.Helper()
	all := l.records(connection, "Issue", nil)
	for _, from := range all {
		later := 0
		for _, r := range all {
			if !r.GetLastModifiedTime().AsTime().Before(from.GetLastModifiedTime().AsTime()) {
				later++
			}
		}
		if got := l.records(connection, "Issue", from.GetLastModifiedTime()); len(got) != later {
			t.Errorf("delta from the change of %s returns %d records of %d, want %d", from.GetId(), len(got), len(all), later)
		}
	}
}

func (l *ledger) records(connection, model string, delta *timestamppb.Timestamp) []*synchookv1.Record {
	t := l.House.T
	t.Helper()
	list, err := l.Client().Records.ListRecords(t.Context(), &synchookv1.ListRecordsRequest{
		ProviderConfigKey: "github", ConnectionId: connection, Model: model, Delta: delta, PageSize: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.GetRecords()
}

// wantDuplicate wants a webhook that the former version took to be known.
func (l *ledger) wantDuplicate(f former) {
	t := l.House.T
	t.Helper()
	a, err := l.GitHub.Push(t.Context(), l.WebhookURL(), firstWebhook, rig.Issue{Connection: "user-1", Installation: 1, Number: 1})
	if err != nil || !a.OK() || !a.Duplicate {
		t.Errorf("a webhook that came before the upgrade, and again after it, was answered %+v, %v", a, err)
	}
}

// deliveries returns the deliveries in a state, with their bodies.
func (l *ledger) deliveries(state synchookv1.DeliveryState) []*synchookv1.GetDeliveryResponse {
	t := l.House.T
	t.Helper()
	list, err := l.Client().Deliveries.ListDeliveries(t.Context(), &synchookv1.ListDeliveriesRequest{State: state})
	if err != nil {
		t.Fatal(err)
	}
	var whole []*synchookv1.GetDeliveryResponse
	for _, d := range list.GetDeliveries() {
		one, err := l.Client().Deliveries.GetDelivery(t.Context(), &synchookv1.GetDeliveryRequest{Id: d.GetId()})
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, one)
	}
	return whole
}

// wantNothingWaiting waits until all runs and deliveries have ended.
func (l *ledger) wantNothingWaiting() {
	t := l.House.T
	t.Helper()
	rig.Until(t, time.Minute, "nothing waits", func() bool {
		for _, state := range []synchookv1.RunState{synchookv1.RunState_RUN_STATE_QUEUED, synchookv1.RunState_RUN_STATE_RUNNING} {
			list, err := l.Client().Runs.ListRuns(t.Context(), &synchookv1.ListRunsRequest{State: state})
			if err != nil || len(list.GetRuns()) > 0 {
				return false
			}
		}
		return len(l.deliveries(synchookv1.DeliveryState_DELIVERY_STATE_PENDING)) == 0
	})
}

// wantRun wants an event's run to have come to its end as it says.
func (l *ledger) wantRun(name, event string, want *synchookv1.Run) {
	t := l.House.T
	t.Helper()
	list, err := l.Client().Runs.ListRuns(t.Context(), &synchookv1.ListRunsRequest{EventId: event})
	if err != nil || len(list.GetRuns()) != 1 {
		t.Fatalf("the event that waited for %s has the runs %v, %v", name, list.GetRuns(), err)
	}
	got := list.GetRuns()[0]
	is := &synchookv1.Run{Attempts: got.GetAttempts(), Interruptions: got.GetInterruptions(), Counts: got.GetCounts()}
	if got.GetState() != synchookv1.RunState_RUN_STATE_SUCCEEDED || len(got.GetDeliveryIds()) != 1 || !proto.Equal(is, want) {
		t.Errorf("the run that waited for %s is %v, want %v", name, got, want)
	}
}

// wantSame wants that deliveries arrived under their IDs, with their bytes, each once.
func (l *ledger) wantSame(deliveries []*synchookv1.GetDeliveryResponse) {
	t := l.House.T
	t.Helper()
	for _, d := range deliveries {
		var bodies []string
		for _, a := range l.Receiver.Got() {
			if a.ID == d.GetDelivery().GetId() {
				bodies = append(bodies, a.Raw)
			}
		}
		if !slices.Equal(bodies, []string{string(d.GetBody())}) {
			t.Errorf("delivery %s arrived as %q, want once %q", d.GetDelivery().GetId(), bodies, d.GetBody())
		}
	}
}

// wantScheduled wants one incremental scheduled run for each connection, for all the time that the store
// was asleep.
func (l *ledger) wantScheduled() {
	t := l.House.T
	t.Helper()
	came := map[string]int{}
	for _, a := range l.Receiver.Got() {
		if a.Body.Model == "Total" && a.Body.SyncType == "INCREMENTAL" && a.Body.ResponseResults["Total"] == (synchookclient.Counts{Updated: 1}) {
			came[a.Body.ConnectionID]++
		}
	}
	if want := map[string]int{"user-1": 1, "user-2": 1, "user-3": 1, "user-4": 1}; !maps.Equal(came, want) {
		t.Errorf("of scheduled runs came %v, want %v", came, want)
	}
}

// retryGivenUp has the delivery that was given up before the upgrade sent once more.
func (l *ledger) retryGivenUp() []*synchookv1.GetDeliveryResponse {
	t := l.House.T
	t.Helper()
	had, given := len(l.Receiver.Got()), l.deliveries(synchookv1.DeliveryState_DELIVERY_STATE_EXHAUSTED)
	if len(given) != 1 {
		t.Fatalf("%d deliveries were given up, want 1", len(given))
	}
	if _, err := l.Client().Deliveries.RetryDelivery(t.Context(), &synchookv1.RetryDeliveryRequest{Id: given[0].GetDelivery().GetId()}); err != nil {
		t.Fatal(err)
	}
	l.Receiver.Want(had + 1)
	return given
}
