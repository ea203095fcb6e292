package rig

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// began is when the events of these tests were accepted.
var began = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

// fiveEvents is the evidence of five events of one connection that went well.
func fiveEvents() evidence {
	e := evidence{records: map[string][]*synchookv1.Record{}, changed: map[string]map[string]bool{}}
	for n := 1; n <= 5; n++ {
		id := fmt.Sprint(n)
		e.pushes = append(e.pushes, Push{Issue{"c", 1, n}, "evt_" + id, began})
	}
	m := modelOf(e.pushes)
	for _, p := range e.pushes {
		id, counts := fmt.Sprint(p.Number), m.counts[p.Event]
		e.runs = append(e.runs, &synchookv1.Run{
			Id: "run_" + id, EventId: p.Event, State: synchookv1.RunState_RUN_STATE_SUCCEEDED, EndTime: timestamppb.New(began), DeliveryIds: []string{"dlv_" + id},
			Counts: map[string]*synchookv1.Counts{"Issue": {Added: counts.Added, Updated: counts.Updated, Deleted: counts.Deleted}},
		})
		e.deliveries = append(e.deliveries, &synchookv1.Delivery{Id: "dlv_" + id, State: synchookv1.DeliveryState_DELIVERY_STATE_DELIVERED})
		e.arrivals = append(e.arrivals, Arrival{ID: "dlv_" + id, Raw: "{}", At: began.Add(time.Duration(p.Number) * time.Second), Status: 200, Body: synchookclient.WebhookBody{
			ConnectionID: "c", ResponseResults: map[string]synchookclient.Counts{"Issue": counts}, QueryTimeStamp: &began,
		}})
	}
	for _, id := range slices.Sorted(maps.Keys(m.live)) {
		action := synchookv1.RecordAction_RECORD_ACTION_DELETED
		if m.live[id] {
			action = synchookv1.RecordAction_RECORD_ACTION_ADDED
		}
		payload, _ := structpb.NewStruct(map[string]any{"number": 5, "title": "Issue 5 of c, answer 9"}) // of valid values
		e.records["c"] = append(e.records["c"], &synchookv1.Record{Id: id, LastAction: action, Payload: payload, LastModifiedTime: timestamppb.New(began)})
	}
	return e
}

// becomeOne has the first webhook superseded by the second.
func becomeOne(e *evidence) {
	e.deliveries[0].State, e.deliveries[0].SupersededBy = synchookv1.DeliveryState_DELIVERY_STATE_SUPERSEDED, "dlv_2"
	e.arrivals = e.arrivals[1:]
	e.arrivals[0].Body.ResponseResults = map[string]synchookclient.Counts{"Issue": {Added: 3, Updated: 1}}
}

func TestTheAuditFindsWhatMustNotBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(*evidence)
		want  Audit
		says  string
	}{
		{"all is well", func(*evidence) {}, Audit{Finished: 5, Owed: 5, Delivered: 5}, ""},
		{"no run", func(e *evidence) { e.runs = e.runs[:4]; e.arrivals = e.arrivals[:4] }, Audit{Finished: 4, Owed: 4, Delivered: 4, Lost: 1, WrongCounts: 4}, "accepted and has no run"},
		{"no webhook", func(e *evidence) { e.arrivals = e.arrivals[:4] }, Audit{Finished: 5, Owed: 5, Delivered: 4, Lost: 1}, "never came"},
		{"a webhook that was refused", func(e *evidence) { e.arrivals[0].Status = 500 }, Audit{Finished: 5, Owed: 5, Delivered: 4, Lost: 1}, "never came"},
		{"refused, then taken", func(e *evidence) {
			e.arrivals = append([]Arrival{{ID: "dlv_1", Raw: "{}", Status: 500}}, e.arrivals...)
		}, Audit{Finished: 5, Owed: 5, Delivered: 5}, ""},
		{"a webhook twice", func(e *evidence) { e.arrivals = append(e.arrivals, e.arrivals[2]) }, Audit{Finished: 5, Owed: 5, Delivered: 5, Duplicates: 1}, ""},
		{"with other bytes", func(e *evidence) { e.arrivals = append(e.arrivals, Arrival{ID: "dlv_3", Raw: "{ }"}) }, Audit{Finished: 5, Owed: 5, Delivered: 5, Duplicates: 1, Rewritten: 1}, "and as"},
		{"a webhook of nobody", func(e *evidence) { e.arrivals = append(e.arrivals, Arrival{ID: "dlv_9"}) }, Audit{Finished: 5, Owed: 5, Delivered: 5, Unowed: 1}, "no run owes"},
		{"an operational webhook", func(e *evidence) {
			e.runs[0].DeliveryIds = append(e.runs[0].DeliveryIds, "dlv_9")
			e.deliveries = append(e.deliveries, &synchookv1.Delivery{Id: "dlv_9", OperationalType: "sync.recovered"})
			e.arrivals = append(e.arrivals, Arrival{ID: "dlv_9", Status: 200})
		}, Audit{Finished: 5, Owed: 5, Delivered: 5}, ""},
		{"two webhooks became one", becomeOne, Audit{Finished: 5, Owed: 5, Delivered: 5}, ""},
		{"two became one that does not tell of both", func(e *evidence) {
			becomeOne(e)
			e.arrivals[0].Body.ResponseResults["Issue"] = synchookclient.Counts{Added: 1, Updated: 1}
		}, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongCounts: 2}, "want the counts {Added:3 Updated:1 Deleted:0}"},
		{"two became one that never came", func(e *evidence) { becomeOne(e); e.arrivals = e.arrivals[1:] }, Audit{Finished: 5, Owed: 5, Delivered: 3, Lost: 2}, "never came"},
		{"webhooks superseded one another", func(e *evidence) { e.deliveries[0].SupersededBy, e.deliveries[1].SupersededBy = "dlv_2", "dlv_1" }, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongCounts: 2}, "want the counts"},
		{"a run of no event", func(e *evidence) { e.pushes = e.pushes[:4] }, Audit{Finished: 4, Owed: 4, Delivered: 4, WrongCounts: 5, Unowed: 1}, "nobody was told of"},
		{"an event twice", func(e *evidence) { e.runs = append(e.runs, e.runs[0]) }, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongCounts: 1}, "has the runs"},
		{"wrong counts of a run", func(e *evidence) { e.runs[4].Counts["Issue"].Deleted = 0 }, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongCounts: 1}, "want {Added:1 Updated:1 Deleted:1}"},
		{"wrong counts of a webhook", func(e *evidence) { e.arrivals[4].Body.ResponseResults = nil }, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongCounts: 1}, "want the counts"},
		{"a run that goes on", func(e *evidence) { e.runs[4].EndTime = nil }, Audit{Finished: 4, Owed: 5, Delivered: 5, Stuck: 1}, "is still"},
		{"a delivery that waits", func(e *evidence) { e.deliveries[4].State = synchookv1.DeliveryState_DELIVERY_STATE_PENDING }, Audit{Finished: 5, Owed: 5, Delivered: 5, Stuck: 1}, "still pending"},
		{"a delta without a record", func(e *evidence) { e.changed["dlv_1"] = map[string]bool{"latest": true} }, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongDelta: 1}, "does not contain issue-1"},
		{"a record from before", func(e *evidence) { e.records["c"][0].LastModifiedTime = timestamppb.New(began.Add(-1)) }, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongDelta: 2}, "does not contain issue-1"},
		{"a record too few", func(e *evidence) { e.records["c"] = e.records["c"][:5] }, Audit{Finished: 5, Owed: 5, Delivered: 5, WrongCounts: 1, WrongDelta: 5}, "has 5 records, want 6"},
	} {
		e := fiveEvents()
		test.spoil(&e)
		got := judge(e)
		got.Accepted, test.want.Accepted = 0, 0
		if numbers(got) != numbers(&test.want) || !strings.Contains(strings.Join(got.Problems, "\n"), test.says) || (test.says == "") != (len(got.Problems) == 0) {
			t.Errorf("%s: %s %q, want %s %q", test.name, numbers(got), got.Problems, numbers(&test.want), test.says)
		}
	}
}

// numbers are those of an audit.
func numbers(a *Audit) string {
	return fmt.Sprint("finished ", a.Finished, " owed ", a.Owed, " delivered ", a.Delivered, " lost ", a.Lost, " duplicates ", a.Duplicates,
		" counts ", a.WrongCounts, " delta ", a.WrongDelta, " stuck ", a.Stuck,
		" unowed ", a.Unowed, " rewritten ", a.Rewritten)
}

func TestRecoveryIsOfWhatWasOwedAtTheFaultsEnd(t *testing.T) {
	t.Parallel()
	e := fiveEvents()
	e.pushes[4].At = began.Add(time.Minute)
	a := judge(e)
	for _, test := range []struct {
		name   string
		pushes []Push
		want   Recovery
	}{
		{"one connection", e.pushes, Recovery{Owed: 3, Begins: 500 * time.Millisecond, Ends: 2500 * time.Millisecond}},
		{"the slower of two", append(slices.Clone(e.pushes[:3]), Push{Issue{"d", 2, 4}, "evt_4", began}), Recovery{Owed: 3, Begins: 2500 * time.Millisecond, Ends: 2500 * time.Millisecond}},
		{"nothing was owed", e.pushes[:1], Recovery{}},
	} {
		if got := a.Recovery(test.pushes, began.Add(1500*time.Millisecond)); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
