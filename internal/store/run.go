package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// runBody is what never changes about a run.
type runBody struct {
	Integration synchook.IntegrationID `json:"i"`
	Connection  synchook.ConnectionID  `json:"c"`
	Sync        synchook.SyncID        `json:"s"`
	Trigger     synchook.Trigger       `json:"t"`
	Event       synchook.EventID       `json:"e,omitempty"`
	Item        int                    `json:"n,omitempty"`
	Trace       string                 `json:"tp,omitempty"`
}

func encodeRun(r synchook.Run) string {
	return toJSON(runBody{r.Integration, r.Connection, r.Sync, r.Trigger, r.Event, r.Item, r.Trace})
}

func decodeRun(id synchook.RunID, f map[string]string) (synchook.Run, error) {
	if f["b"] == "" {
		return synchook.Run{}, synchook.NotFound("run", string(id))
	}
	var b runBody
	if err := fromJSON(f["b"], &b); err != nil {
		return synchook.Run{}, err
	}
	r := synchook.Run{
		ID: id, Integration: b.Integration, Connection: b.Connection, Sync: b.Sync, Trigger: b.Trigger, Event: b.Event, Item: b.Item, Trace: b.Trace,
		State: synchook.RunState(f["st"]), Attempts: int(number(f["at"])), Interruptions: int(number(f["int"])), Error: f["err"],
		Created: fromMillis(f["new"]), Started: fromMillis(f["start"]), Ended: fromMillis(f["end"]), NotBefore: fromMillis(f["nb"]),
		Initial: f["init"] == "1", Deliveries: typed[synchook.DeliveryID](splitList(f["dlv"])), CancelWanted: f["cancel"] == "1",
	}
	if f["cnt"] != "" {
		if err := fromJSON(f["cnt"], &r.Counts); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Run returns a run.
func (s *Store) Run(ctx context.Context, p synchook.ProjectID, id synchook.RunID) (synchook.Run, error) {
	f, err := s.rdb.HGetAll(ctx, key(p, "run", string(id))).Result()
	if err != nil {
		return synchook.Run{}, failed("reading the run", err)
	}
	return decodeRun(id, f)
}

// RunQuery says which runs are wanted. What is empty does not narrow them.
type RunQuery struct {
	State       synchook.RunState
	Integration synchook.IntegrationID
	Connection  synchook.ConnectionID
	Sync        synchook.SyncID
	Event       synchook.EventID
}

// Runs returns a page of runs, newest first. States but succeeded have an index of their own; another
// filter may leave a page short.
func (s *Store) Runs(ctx context.Context, p synchook.ProjectID, q RunQuery, page Page) ([]synchook.Run, string, error) {
	index := key(p, "runs")
	if q.State != "" && q.State != synchook.RunSucceeded {
		index = key(p, "runs", string(q.State))
	}
	l := listing{sets: []string{index}, order: newestFirst}
	l.sieve = newSieve(key(p, "run", ""), "b", string(q.Integration), string(q.Connection), string(q.Sync), string(q.Event))
	return list(ctx, s, l, page, func(pipe redis.Pipeliner, id string) func() (synchook.Run, error) {
		cmd := pipe.HGetAll(ctx, key(p, "run", id))
		return func() (synchook.Run, error) { return decodeRun(synchook.RunID(id), cmd.Val()) }
	}, q.holds)
}

func (q RunQuery) holds(r synchook.Run) bool {
	return isOrAny(r.State, q.State) && isOrAny(r.Integration, q.Integration) && isOrAny(r.Connection, q.Connection) &&
		isOrAny(r.Sync, q.Sync) && isOrAny(r.Event, q.Event)
}

// CancelRun ends a run, or asks its lane to. One that was cancelled already is no error; one that has
// ended in another way is.
func (s *Store) CancelRun(ctx context.Context, p synchook.ProjectID, id synchook.RunID) ([]synchook.Hint, error) {
	answer, err := s.inProject(ctx, p, cancelRunScript, string(id)).Slice()
	if err != nil {
		return nil, failed("cancelling the run", err)
	}
	switch word := answer[0]; word {
	case "gone":
		return nil, synchook.NotFound("run", string(id))
	case "cancelled", "wanted":
		return hints(p, answer[1]), nil
	default:
		state, _ := word.(string)
		return nil, &synchook.Fault{
			Kind: synchook.KindState, Reason: "run_has_ended", Subject: string(id),
			Message: "the run has " + state + " already", Help: "Only a queued or running run can be cancelled.",
		}
	}
}

// CancelWanted reports whether somebody asked to cancel the run.
func (s *Store) CancelWanted(ctx context.Context, p synchook.ProjectID, id synchook.RunID) (bool, error) {
	wanted, err := s.rdb.HExists(ctx, key(p, "run", string(id)), "cancel").Result()
	return wanted, failed("reading the run", err)
}
