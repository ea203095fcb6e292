package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// pace is the time between two pushes to one connection.
const pace = 30 * time.Millisecond

// push is a webhook that was accepted.
type push struct {
	issue
	event string
	at    time.Time
}

// counts are those that the event's run must have, by the script in testdata/tally.
func (p push) counts() synchookclient.Counts {
	switch {
	case p.number == 1:
		return synchookclient.Counts{Added: 2}
	case p.number <= 3:
		return synchookclient.Counts{Added: 1, Updated: 1}
	}
	return synchookclient.Counts{Added: 1, Updated: 1, Deleted: 1}
}

// touched are the records that the event's run changed.
func (p push) touched() []string {
	ids := []string{"latest", issueID(p.number)}
	if p.number > 3 {
		ids = append(ids, issueID(p.number-3))
	}
	return ids
}

func issueID(number int) string { return fmt.Sprintf("issue-%d", number) }

// load is a stream of pushes to all connections of a project, in order for each of them.
type load struct {
	project *project
	mu      sync.Mutex
	pushes  []push
	refused int // answers 503
	sending sync.WaitGroup
}

// push starts a load: at least so many webhooks to each connection, and on until enough is closed.
func (p *project) push(least int, enough <-chan struct{}) *load {
	l := &load{project: p}
	for i, c := range p.connections {
		l.sending.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for n := 1; n <= least || !closed(enough); n++ {
				if !l.send(issue{connection: c, installation: i + 1, number: n}, tick.C) {
					return
				}
				<-tick.C
			}
		})
	}
	return l
}

// send pushes until the webhook is accepted: GitHub itself would not, but whoever asks it to send again.
func (l *load) send(i issue, tick <-chan time.Time) bool {
	p, id := l.project, newID()
	for {
		a, err := p.github.Push(p.house.t.Context(), p.webhookURL(), id, i)
		switch {
		case p.house.t.Context().Err() != nil:
			return false
		case err == nil && a.ok():
			l.note(func() { l.pushes = append(l.pushes, push{i, a.Event, time.Now()}) })
			return true
		case err == nil && a.Status == http.StatusServiceUnavailable:
			l.note(func() { l.refused++ })
		default:
			p.house.t.Errorf("webhook %d to %s was answered %d, %v", i.number, i.connection, a.Status, err)
			return false
		}
		<-tick
	}
}

func (l *load) note(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
}

// accepted returns the webhooks that were accepted so far.
func (l *load) accepted() []push {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.pushes)
}

// refusals returns how often the answer was 503 so far.
func (l *load) refusals() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// end waits until all is sent, and returns it.
func (l *load) end() []push {
	l.sending.Wait()
	return l.accepted()
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// now is closed from the beginning: a load that is not to go on.
func now() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// wantAll wants that every push ended in one run with exact counts, one webhook that came at least
// once and was the same each time, and the records that these tell of.
func (p *project) wantAll(pushes []push) {
	t := p.house.t
	t.Helper()
	runs := p.wantRuns(pushes)
	webhooks := p.webhooks()
	owed := 0
	for _, one := range pushes {
		run := runs[one.event]
		for _, id := range run.GetDeliveryIds() {
			owed++
			p.wantWebhook(one, webhooks[id])
		}
	}
	if len(webhooks) != owed {
		t.Errorf("%d webhooks came for the %d deliveries of the runs", len(webhooks), owed)
	}
	for _, c := range p.connections {
		p.wantRecords(c, pushes)
	}
}

// wantRuns waits until all runs have ended and their webhooks have come, and returns them by event.
func (p *project) wantRuns(pushes []push) map[string]*synchookv1.Run {
	t := p.house.t
	t.Helper()
	var runs []*synchookv1.Run
	until(t, 90*time.Second, "every run has ended and every delivery is delivered", func() bool {
		runs = p.runs()
		return len(runs) >= len(pushes) && !slices.ContainsFunc(runs, func(r *synchookv1.Run) bool { return r.GetEndTime() == nil }) && p.allDelivered(len(runs))
	})
	if len(runs) != len(pushes) {
		t.Errorf("there are %d runs for %d events", len(runs), len(pushes))
	}
	byEvent := map[string]*synchookv1.Run{}
	for _, r := range runs {
		byEvent[r.GetEventId()] = r
	}
	for _, one := range pushes {
		wantRun(t, one, byEvent[one.event])
	}
	return byEvent
}

func wantRun(t *testing.T, one push, r *synchookv1.Run) {
	t.Helper()
	c := r.GetCounts()["Issue"]
	got := synchookclient.Counts{Added: c.GetAdded(), Updated: c.GetUpdated(), Deleted: c.GetDeleted()}
	if r.GetState() != synchookv1.RunState_RUN_STATE_SUCCEEDED || got != one.counts() || len(r.GetDeliveryIds()) != 1 {
		t.Errorf("event %d of %s has run %s %s (%s) with counts %+v and deliveries %v, want %+v and one",
			one.number, one.connection, r.GetId(), r.GetState(), r.GetError(), got, r.GetDeliveryIds(), one.counts())
	}
}

// runs lists all runs of the project; none while the server does not answer.
func (p *project) runs() []*synchookv1.Run {
	var all []*synchookv1.Run
	for token := ""; ; {
		list, err := p.client().Runs.ListRuns(p.house.t.Context(), &synchookv1.ListRunsRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			return nil
		}
		all = append(all, list.GetRuns()...)
		if token = list.GetNextPageToken(); token == "" {
			return all
		}
	}
}

func (p *project) allDelivered(n int) bool {
	list, err := p.client().Deliveries.ListDeliveries(p.house.t.Context(), &synchookv1.ListDeliveriesRequest{PageSize: 1000})
	if err != nil || len(list.GetDeliveries()) < n {
		return false
	}
	return !slices.ContainsFunc(list.GetDeliveries(), func(d *synchookv1.Delivery) bool {
		return d.GetState() != synchookv1.DeliveryState_DELIVERY_STATE_DELIVERED
	})
}

// webhooks returns what arrived by its ID, the first of each, and wants repetitions to be the same.
func (p *project) webhooks() map[string]arrival {
	p.house.t.Helper()
	first := map[string]arrival{}
	for _, a := range p.receiver.Got() {
		former, again := first[a.ID]
		if again && former.Raw != a.Raw {
			p.house.t.Errorf("webhook %s came as\n%s\nand as\n%s", a.ID, former.Raw, a.Raw)
		}
		if !again {
			first[a.ID] = a
		}
	}
	return first
}

// wantWebhook wants that a webhook tells of its push, and that reading from its queryTimeStamp on
// returns what changed.
func (p *project) wantWebhook(one push, a arrival) {
	t := p.house.t
	t.Helper()
	if a.Body.ConnectionID != one.connection || a.Body.ResponseResults["Issue"] != one.counts() || a.Body.QueryTimeStamp == nil {
		t.Errorf("event %d of %s caused the webhook %q", one.number, one.connection, a.Raw)
		return
	}
	changed := p.records(one.connection, timestamppb.New(*a.Body.QueryTimeStamp))
	for _, id := range one.touched() {
		if !slices.ContainsFunc(changed, func(r *synchookv1.Record) bool { return r.GetId() == id }) {
			t.Errorf("delta of webhook %s does not contain %s, which event %d of %s changed", a.ID, id, one.number, one.connection)
		}
	}
}

// wantRecords wants the records of a connection to be those that the script leaves.
func (p *project) wantRecords(connection string, pushes []push) {
	t := p.house.t
	t.Helper()
	last := 0
	for _, one := range pushes {
		if one.connection == connection {
			last = max(last, one.number)
		}
	}
	live := map[string]bool{"latest": true}
	for n := max(1, last-2); n <= last; n++ {
		live[issueID(n)] = true
	}
	records := p.records(connection, nil)
	for _, r := range records {
		if deleted := r.GetLastAction() == synchookv1.RecordAction_RECORD_ACTION_DELETED; deleted == live[r.GetId()] {
			t.Errorf("record %s of %s is deleted: %t", r.GetId(), connection, deleted)
		}
		number, title := r.GetPayload().GetFields()["number"].GetNumberValue(), r.GetPayload().GetFields()["title"].GetStringValue()
		if r.GetId() == "latest" && (int(number) != last || !strings.HasPrefix(title, fmt.Sprintf("Issue %d of %s,", last, connection))) {
			t.Errorf("the latest issue of %s is %v %q, want %d", connection, number, title, last)
		}
	}
	if len(records) != last+1 {
		t.Errorf("%s has %d records, want %d", connection, len(records), last+1)
	}
}

// records reads the records of a connection that changed since a time, or all.
func (p *project) records(connection string, delta *timestamppb.Timestamp) []*synchookv1.Record {
	p.house.t.Helper()
	list, err := p.client().Records.ListRecords(p.house.t.Context(), &synchookv1.ListRecordsRequest{
		ProviderConfigKey: "github", ConnectionId: connection, Model: "Issue", Delta: delta, PageSize: 10_000,
	})
	if err != nil {
		p.house.t.Fatal(err)
	}
	return list.GetRecords()
}
