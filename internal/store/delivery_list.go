package store

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// DeliveryQuery says which deliveries are wanted, and in which order. The zero value means all, newest first.
type DeliveryQuery struct {
	States      []synchook.DeliveryState // empty: any
	Endpoint    synchook.EndpointID      // empty: any, as in all that follow
	Integration synchook.IntegrationID
	Connection  synchook.ConnectionID
	Sync        synchook.SyncID
	Model       string
	Run         synchook.RunID
	From        time.Time // made then or later; zero: however old
	Before      time.Time // made before then; zero: however new
	OldestFirst bool
}

// Deliveries returns a page of deliveries. Times and all states but delivered have indexes; what an endpoint
// has not got is read from its lane, unless very much waits there, and from a list of its own. Deliveries of one run
// are found by when it ended. Any other filter may leave a page short, or empty, although more follow: one call
// looks at about 1,000 deliveries.
func (s *Store) Deliveries(ctx context.Context, p synchook.ProjectID, q DeliveryQuery, page Page) ([]synchook.Delivery, string, error) {
	if q.Run != "" {
		none, err := s.narrowToRun(ctx, p, &q)
		if err != nil || none {
			return nil, "", err
		}
	}
	l := q.listing(p)
	return list(ctx, s, l, page, func(pipe redis.Pipeliner, id string) func() (synchook.Delivery, error) {
		cmd := pipe.HMGet(ctx, key(p, "dlv", id), deliveryFields...)
		return func() (synchook.Delivery, error) { return decodeDelivery(synchook.DeliveryID(id), cmd.Val()) }
	}, q.holds)
}

// nextMillis writes a time as the first whole millisecond that is no earlier: rows are made at such.
func nextMillis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return millis(t.Add(time.Millisecond - 1))
}

// narrowToRun narrows the time to when the run made its deliveries, which is when it ended. Of a run that is
// no longer kept nobody knows that. It reports whether there can be none.
func (s *Store) narrowToRun(ctx context.Context, p synchook.ProjectID, q *DeliveryQuery) (none bool, err error) {
	run, err := s.Run(ctx, p, q.Run)
	switch {
	case synchook.IsKind(err, synchook.KindNotFound):
		return false, nil
	case err != nil:
		return false, err
	case run.Ended.IsZero():
		return true, nil
	}
	if q.From.Before(run.Ended) {
		q.From = run.Ended
	}
	if next := run.Ended.Add(time.Millisecond); q.Before.IsZero() || q.Before.After(next) {
		q.Before = next
	}
	return !q.From.Before(q.Before), nil
}

// listing names all deliveries in one of the wanted states and, as far as there are lists of them, to the endpoint.
func (q DeliveryQuery) listing(p synchook.ProjectID) listing {
	l := listing{order: newestFirst, from: nextMillis(q.From), to: nextMillis(q.Before)}
	l.sieve = newSieve(key(p, "dlv", ""), "f",
		string(q.Endpoint), string(q.Integration), string(q.Connection), string(q.Sync), q.Model, string(q.Run))
	if q.OldestFirst {
		l.order = oldestFirst
	}
	if len(q.States) == 0 || slices.Contains(q.States, synchook.DeliveryDelivered) {
		l.sets = []string{key(p, "deliveries")}
		return l
	}
	for _, state := range q.States {
		set := key(p, "deliveries", string(state))
		switch {
		case state == synchook.DeliveryPending && q.Endpoint != "":
			l.some, l.rows = key(p, "rows", string(synchook.DeliveryLane(q.Endpoint))), key(p, "dlv", "")
			l.sets = slices.Insert(l.sets, 0, set)
			continue
		case state == synchook.DeliveryExhausted && q.Endpoint != "":
			set += ":" + string(q.Endpoint)
		}
		l.sets = append(l.sets, set)
	}
	return l
}

func (q DeliveryQuery) holds(d synchook.Delivery) bool {
	return (len(q.States) == 0 || slices.Contains(q.States, d.State)) &&
		isOrAny(d.Endpoint, q.Endpoint) && isOrAny(d.Integration, q.Integration) && isOrAny(d.Connection, q.Connection) &&
		isOrAny(d.Sync, q.Sync) && isOrAny(d.Model, q.Model) && isOrAny(d.Run, q.Run)
}

// isOrAny reports whether a value is the wanted one. An empty one wants any.
func isOrAny[T ~string](have, want T) bool { return want == "" || have == want }
