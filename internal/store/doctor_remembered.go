package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// lookAtRemembered looks whether events can be told from their repetitions: as long as a provider may send
// them again, the external ID must be remembered.
func lookAtRemembered(ctx context.Context, d *doctor, l look) (int, []symptom, error) {
	events, err := d.recent(ctx, l)
	if err != nil || len(events) == 0 {
		return len(l.members), nil, err
	}
	pipe := d.store.rdb.Pipeline()
	seen := make([]*redis.IntCmd, len(events))
	for i, e := range events {
		seen[i] = pipe.Exists(ctx, key(l.project, "seen", seenKey(e)))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, nil, failed("examining what is remembered of events", err)
	}
	var found []symptom
	for i, e := range events {
		if seen[i].Val() > 0 {
			continue
		}
		found = append(found, l.symptom(string(e.ID), "event_not_remembered", e.ExternalID))
		if l.mend {
			err = d.store.rdb.SetNX(ctx, key(l.project, "seen", seenKey(e)), string(e.ID), synchook.DedupeWindow-d.store.now().Sub(e.Accepted)).Err()
		}
	}
	return len(l.members), found, failed("remembering an event", err)
}

// recent returns the events that must be remembered for an hour more at least.
func (d *doctor) recent(ctx context.Context, l look) ([]synchook.Event, error) {
	pipe := d.store.rdb.Pipeline()
	rows := make([]*redis.SliceCmd, len(l.members))
	for i, id := range l.members {
		rows[i] = pipe.HMGet(ctx, key(l.project, "event", id), eventFields...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, failed("examining what is remembered of events", err)
	}
	var events []synchook.Event
	for i, id := range l.members {
		e, err := decodeEvent(synchook.EventID(id), rows[i].Val())
		if err == nil && d.store.now().Sub(e.Accepted) < synchook.DedupeWindow-time.Hour {
			events = append(events, e)
		}
	}
	return events, nil
}
