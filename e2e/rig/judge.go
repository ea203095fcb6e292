package rig

import (
	"fmt"
	"slices"
	"strings"
	"time"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// judge says what the evidence proves.
func judge(e evidence) *Audit {
	j := &judgement{
		evidence: e, Audit: Audit{Accepted: len(e.pushes), Acknowledged: map[string]time.Time{}},
		byEvent: map[string]*synchookv1.Run{}, operational: map[string]bool{}, superseded: map[string]string{},
		told: map[string]synchookclient.Counts{},
	}
	for _, d := range e.deliveries {
		j.operational[d.GetId()] = d.GetOperationalType() != ""
		j.superseded[d.GetId()] = d.GetSupersededBy()
	}
	j.judgeRuns()
	j.judgeArrivals()
	j.judgeDeliveries()
	for connection, m := range j.models() {
		j.judgeRecords(connection, m)
	}
	return &j.Audit
}

// judgement is an audit in the making.
type judgement struct {
	evidence
	Audit
	byEvent     map[string]*synchookv1.Run
	first       map[string]Arrival               // the first arrival of each webhook that was answered with 2xx, else any
	operational map[string]bool                  // deliveries that tell of synchook's own work
	superseded  map[string]string                // deliveries, by which; empty: by none
	told        map[string]synchookclient.Counts // what each delivery has to tell that was not superseded
}

// teller is the delivery that tells what a delivery would have told: itself, or the one that took its place.
func (j *judgement) teller(id string) string {
	for range j.superseded { // at most: a chain that is longer is a ring
		by := j.superseded[id]
		if by == "" {
			return id
		}
		id = by
	}
	return id
}

// owes are the deliveries of a run that tell of its sync.
func (j *judgement) owes(r *synchookv1.Run) []string {
	return slices.DeleteFunc(slices.Clone(r.GetDeliveryIds()), func(id string) bool { return j.operational[id] })
}

// problem counts a problem, and tells it unless it is forgiven.
func (j *judgement) problem(count *int, format string, args ...any) {
	for _, f := range j.forgiven {
		if f(&j.Audit) == count {
			*count++
			return
		}
	}
	j.Audit.problem(count, format, args...)
}

func (j *judgement) judgeRuns() {
	accepted := map[string]bool{}
	for _, one := range j.pushes {
		accepted[one.Event] = true
	}
	for _, r := range j.runs {
		if !accepted[r.GetEventId()] {
			j.problem(&j.WrongCounts, "run %s is of the event %q, which nobody was told of", r.GetId(), r.GetEventId())
		}
		if former := j.byEvent[r.GetEventId()]; former != nil {
			j.problem(&j.WrongCounts, "event %s has the runs %s and %s", r.GetEventId(), former.GetId(), r.GetId())
		}
		j.byEvent[r.GetEventId()] = r
		if r.GetEndTime() == nil {
			j.problem(&j.Stuck, "run %s is still %s: %s", r.GetId(), r.GetState(), r.GetError())
		}
	}
}

// judgeArrivals finds the webhooks that came, and repetitions.
func (j *judgement) judgeArrivals() {
	j.first = map[string]Arrival{}
	for _, a := range j.arrivals {
		former, again := j.first[a.ID]
		if again && former.Raw != a.Raw {
			j.problem(&j.Rewritten, "webhook %s came as\n%s\nand as\n%s", a.ID, former.Raw, a.Raw)
		}
		if again && former.Acknowledged() {
			j.Duplicates++
			continue
		}
		j.first[a.ID] = a
	}
}

// judgeDeliveries judges each event's run, and the webhook of each of its deliveries.
func (j *judgement) judgeDeliveries() {
	models := j.models()
	j.addUp(models)
	owed := map[string]bool{}
	for _, one := range j.pushes {
		run := j.byEvent[one.Event]
		if run == nil {
			j.problem(&j.Lost, "event %d of %s (%s) was accepted and has no run", one.Number, one.Connection, one.Event)
			continue
		}
		if run.GetEndTime() != nil {
			j.Finished++
			j.judgeRun(one, run, models[one.Connection].counts[one.Event])
		}
		for _, id := range j.owes(run) {
			owed[id] = true
			j.judgeDelivery(one, id, models[one.Connection])
		}
	}
	j.Owed = len(owed)
	for id, a := range j.first {
		if !owed[id] && !j.operational[id] {
			j.problem(&j.Unowed, "webhook %s came, which no run owes: %s", id, a.Raw)
		}
	}
	for _, d := range j.deliveries {
		if d.GetState() == synchookv1.DeliveryState_DELIVERY_STATE_PENDING {
			j.problem(&j.Stuck, "delivery %s is still pending after %d attempts: %s", d.GetId(), d.GetAttempts(), d.GetReason())
		}
	}
}

// addUp says what each delivery has to tell.
func (j *judgement) addUp(models map[string]model) {
	for _, one := range j.pushes {
		run := j.byEvent[one.Event]
		if run == nil {
			continue
		}
		for _, id := range j.owes(run) {
			id = j.teller(id)
			c, more := j.told[id], models[one.Connection].counts[one.Event]
			j.told[id] = synchookclient.Counts{Added: c.Added + more.Added, Updated: c.Updated + more.Updated, Deleted: c.Deleted + more.Deleted}
		}
	}
}

func (j *judgement) judgeRun(one Push, r *synchookv1.Run, want synchookclient.Counts) {
	c := r.GetCounts()["Issue"]
	got := synchookclient.Counts{Added: c.GetAdded(), Updated: c.GetUpdated(), Deleted: c.GetDeleted()}
	if r.GetState() != synchookv1.RunState_RUN_STATE_SUCCEEDED || got != want || len(j.owes(r)) != 1 {
		j.problem(&j.WrongCounts, "event %d of %s has run %s %s (%s) with counts %+v and deliveries %v, want %+v and one",
			one.Number, one.Connection, r.GetId(), r.GetState(), r.GetError(), got, r.GetDeliveryIds(), want)
	}
}

func (j *judgement) judgeDelivery(one Push, id string, m model) {
	id = j.teller(id)
	a, came := j.first[id]
	if !came || !a.Acknowledged() {
		j.problem(&j.Lost, "delivery %s of event %d of %s never came to a receiver that took it", id, one.Number, one.Connection)
		return
	}
	j.Delivered++
	j.Acknowledged[one.Event] = a.At
	if a.Body.ConnectionID != one.Connection || a.Body.ResponseResults["Issue"] != j.told[id] || a.Body.QueryTimeStamp == nil {
		j.problem(&j.WrongCounts, "event %d of %s caused the webhook %q, want the counts %+v", one.Number, one.Connection, a.Raw, j.told[id])
		return
	}
	for _, record := range m.touched(one) {
		if !j.inDelta(a, record) {
			j.problem(&j.WrongDelta, "delta of webhook %s does not contain %s, which event %d of %s changed", a.ID, record, one.Number, one.Connection)
		}
	}
}

// inDelta reports whether the API gives a record when it is asked what changed since the webhook's
// queryTimeStamp.
func (j *judgement) inDelta(a Arrival, record string) bool {
	if ids, asked := j.changed[a.ID]; asked {
		return ids[record]
	}
	for _, r := range j.records[a.Body.ConnectionID] {
		if r.GetId() == record {
			return !r.GetLastModifiedTime().AsTime().Before(*a.Body.QueryTimeStamp)
		}
	}
	return false
}

// judgeRecords wants the records of a connection to be those that the script leaves.
func (j *judgement) judgeRecords(connection string, m model) {
	for _, r := range j.records[connection] {
		deleted := r.GetLastAction() == synchookv1.RecordAction_RECORD_ACTION_DELETED
		if live, known := m.live[r.GetId()]; !known || live == deleted {
			j.problem(&j.WrongCounts, "record %s of %s is deleted: %t", r.GetId(), connection, deleted)
		}
		number, title := r.GetPayload().GetFields()["number"].GetNumberValue(), r.GetPayload().GetFields()["title"].GetStringValue()
		if r.GetId() == "latest" && (int(number) != m.latest || !strings.HasPrefix(title, fmt.Sprintf("Issue %d of %s,", m.latest, connection))) {
			j.problem(&j.WrongCounts, "the latest issue of %s is %v %q, want %d", connection, number, title, m.latest)
		}
	}
	if got, want := len(j.records[connection]), len(m.live); got != want {
		j.problem(&j.WrongCounts, "%s has %d records, want %d", connection, got, want)
	}
}

// models are what must come of the events that have a run, by connection.
func (j *judgement) models() map[string]model {
	byConnection := map[string][]Push{}
	for connection := range j.records {
		byConnection[connection] = nil
	}
	for _, one := range j.pushes {
		if j.byEvent[one.Event] != nil {
			byConnection[one.Connection] = append(byConnection[one.Connection], one)
		}
	}
	models := map[string]model{}
	for connection, pushes := range byConnection {
		models[connection] = modelOf(pushes)
	}
	return models
}
