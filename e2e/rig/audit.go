package rig

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// deltas is of how many webhooks of a connection the API is asked what changed since their
// queryTimeStamp. Of the others, the records' own times tell.
const deltas = 100

// Audit is what came of accepted events.
type Audit struct {
	Accepted    int // events that were answered with 2xx
	Finished    int // runs of them that have ended
	Owed        int // deliveries of these runs
	Delivered   int // of these, those that the receiver answered with 2xx
	Lost        int // events without a run, and deliveries that never came
	Duplicates  int // webhooks that came again after the receiver had answered with 2xx
	WrongCounts int // runs or webhooks whose counts are not the script's
	WrongDelta  int // webhooks from whose queryTimeStamp on the API does not give what changed
	Stuck       int // runs and deliveries that have not ended
	Unowed      int // webhooks that came and that no run owes
	Rewritten   int // webhooks that came again with other bytes

	// Problems are sentences on all that must not be; duplicates of the same bytes are none.
	Problems []string

	// Acknowledged is when the receiver first answered an event's webhook with 2xx.
	Acknowledged map[string]time.Time
}

func (a *Audit) problem(count *int, format string, args ...any) {
	*count++
	a.Problems = append(a.Problems, fmt.Sprintf(format, args...))
}

// Recovery is how what was owed at a fault's end came after it.
type Recovery struct {
	Owed   int           // how many webhooks
	Begins time.Duration // until each connection that was owed some has got one
	Ends   time.Duration // until all have come
}

// Recovery says how what was owed at a fault's end came after it.
func (a *Audit) Recovery(pushes []Push, end time.Time) Recovery {
	var r Recovery
	first := map[string]time.Duration{}
	for _, p := range pushes {
		at, ok := a.Acknowledged[p.Event]
		if !ok || p.At.After(end) || at.Before(end) {
			continue
		}
		r.Owed++
		after := at.Sub(end)
		r.Ends = max(r.Ends, after)
		if former, again := first[p.Connection]; !again || after < former {
			first[p.Connection] = after
		}
	}
	for _, after := range first {
		r.Begins = max(r.Begins, after)
	}
	return r
}

// WantAll wants that every accepted event ended in one run with exact counts, one webhook that came at
// least once and was the same each time, and the records that these tell of.
func (p *Project) WantAll(pushes []Push) {
	p.House.T.Helper()
	for _, problem := range p.Audit(pushes, 90*time.Second).Problems {
		p.House.T.Error(problem)
	}
}

// Audit waits until all that was accepted is worked off, or the time is over, and says what came of it.
// What is forgiven is counted, and is no problem.
func (p *Project) Audit(pushes []Push, within time.Duration, forgiven ...Count) *Audit {
	p.House.T.Helper()
	e := p.gather(pushes, within)
	e.forgiven = forgiven
	return judge(e)
}

// Count names one of an audit's counts.
type Count func(*Audit) *int

// Forgotten are the counts that tell what a Redis forgot that answers before its replicas have what it wrote:
// events, runs whose webhooks came, and what these had said.
func Forgotten() []Count {
	return []Count{
		func(a *Audit) *int { return &a.Lost },
		func(a *Audit) *int { return &a.Unowed },
		func(a *Audit) *int { return &a.Rewritten },
	}
}

// ForgottenInPart are those of a cluster, where records can be forgotten while their run is not, or the
// other way.
func ForgottenInPart() []Count {
	return append(Forgotten(), func(a *Audit) *int { return &a.WrongCounts }, func(a *Audit) *int { return &a.WrongDelta })
}

// evidence is all that an audit looks at.
type evidence struct {
	pushes     []Push
	runs       []*synchookv1.Run
	deliveries []*synchookv1.Delivery
	arrivals   []Arrival
	records    map[string][]*synchookv1.Record // of each connection
	// changed are IDs of records of a connection that changed since a time, as the API says; ok is false
	// when it was not asked.
	changed map[string]map[string]bool // by webhook ID

	forgiven []Count
}

// gather reads the evidence once nothing is under way any more.
func (p *Project) gather(pushes []Push, within time.Duration) evidence {
	p.House.T.Helper()
	e := evidence{pushes: pushes, records: map[string][]*synchookv1.Record{}, changed: map[string]map[string]bool{}}
	idle := 0 // how often in a row: between two questions a run may go back into its lane
	p.await(within, func() bool {
		idle++
		if !p.idle() {
			idle = 0
		}
		return idle == 2
	})
	e.runs, e.deliveries = p.Runs(), p.Deliveries()
	e.arrivals = p.Receiver.Got()
	for _, c := range p.Connections {
		e.records[c] = p.Records(c, nil)
	}
	for _, a := range e.sample() {
		ids := map[string]bool{}
		for _, r := range p.Records(a.Body.ConnectionID, timestamppb.New(*a.Body.QueryTimeStamp)) {
			ids[r.GetId()] = true
		}
		e.changed[a.ID] = ids
	}
	return e
}

// await waits until something holds or the time is over: what is missing then is the audit's to say.
func (p *Project) await(within time.Duration, holds func() bool) {
	deadline := time.After(within)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			return
		case <-p.House.T.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// idle reports whether no run and no delivery is under way.
func (p *Project) idle() bool {
	for _, state := range []synchookv1.RunState{synchookv1.RunState_RUN_STATE_QUEUED, synchookv1.RunState_RUN_STATE_RUNNING} {
		list, err := p.Client().Runs.ListRuns(p.House.T.Context(), &synchookv1.ListRunsRequest{State: state, PageSize: 1})
		if err != nil || len(list.GetRuns()) > 0 || list.GetNextPageToken() != "" {
			return false
		}
	}
	list, err := p.Client().Deliveries.ListDeliveries(p.House.T.Context(), &synchookv1.ListDeliveriesRequest{
		State: synchookv1.DeliveryState_DELIVERY_STATE_PENDING, PageSize: 1,
	})
	return err == nil && len(list.GetDeliveries()) == 0 && list.GetNextPageToken() == ""
}

// sample are webhooks of each connection, evenly spread.
func (e evidence) sample() []Arrival {
	byConnection := map[string][]Arrival{}
	for _, a := range e.arrivals {
		if a.Body.QueryTimeStamp != nil {
			byConnection[a.Body.ConnectionID] = append(byConnection[a.Body.ConnectionID], a)
		}
	}
	var some []Arrival
	for _, all := range byConnection {
		step := max(1, len(all)/deltas)
		for i := 0; i < len(all); i += step {
			some = append(some, all[i])
		}
	}
	return some
}

// Runs lists all runs of the project; none while the server does not answer.
func (p *Project) Runs() []*synchookv1.Run {
	return pages(func(token string) ([]*synchookv1.Run, string, error) {
		list, err := p.Client().Runs.ListRuns(p.House.T.Context(), &synchookv1.ListRunsRequest{PageSize: 1000, PageToken: token})
		return list.GetRuns(), list.GetNextPageToken(), err
	})
}

// Deliveries lists all deliveries of the project; none while the server does not answer.
func (p *Project) Deliveries() []*synchookv1.Delivery {
	return pages(func(token string) ([]*synchookv1.Delivery, string, error) {
		list, err := p.Client().Deliveries.ListDeliveries(p.House.T.Context(), &synchookv1.ListDeliveriesRequest{PageSize: 1000, PageToken: token})
		return list.GetDeliveries(), list.GetNextPageToken(), err
	})
}

// Records reads the records of a connection that changed since a time, or all.
func (p *Project) Records(connection string, delta *timestamppb.Timestamp) []*synchookv1.Record {
	p.House.T.Helper()
	var err error
	records := pages(func(token string) ([]*synchookv1.Record, string, error) {
		var list *synchookv1.ListRecordsResponse
		list, err = p.Client().Records.ListRecords(p.House.T.Context(), &synchookv1.ListRecordsRequest{
			ProviderConfigKey: "github", ConnectionId: connection, Model: "Issue", Delta: delta, PageSize: 10_000, PageToken: token,
		})
		return list.GetRecords(), list.GetNextPageToken(), err
	})
	if err != nil {
		p.House.T.Fatal(err)
	}
	return records
}

// pages reads all pages of a list, or nothing.
func pages[T any](page func(token string) ([]T, string, error)) []T {
	var all []T
	for token := ""; ; {
		list, next, err := page(token)
		if err != nil {
			return nil
		}
		all = append(all, list...)
		if token = next; token == "" {
			return all
		}
	}
}
