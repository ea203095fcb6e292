package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// Accept is an event on its way in, with the runs that it triggers.
type Accept struct {
	Event   synchook.Event
	Content synchook.EventContent
	Runs    []synchook.Run
	Fanout  bool // whether there are more runs than these: the fan-out lane plans them all
}

// Accepted is what became of an accepted event.
type Accepted struct {
	ID        synchook.EventID
	Duplicate bool // it had been accepted before, under ID
	Hints     []synchook.Hint
}

type eventFacts struct {
	Integration synchook.IntegrationID `json:"i"`
	ExternalID  string                 `json:"x"`
	Type        string                 `json:"t"`
	Size        int64                  `json:"n"`
	Trace       string                 `json:"tp,omitempty"`
}

// AcceptEvent de-duplicates, numbers and stores an event and queues its runs, in one durable write. When
// too few replicas have it in time, it is stored all the same: with the fault come the hints to be sent.
func (s *Store) AcceptEvent(ctx context.Context, p synchook.ProjectID, a Accept) (Accepted, error) {
	e := a.Event
	args := []any{
		string(e.ID), seenKey(e), int(synchook.DedupeWindow / time.Second),
		toJSON(eventFacts{e.Integration, e.ExternalID, e.Type, e.Size, e.Trace}), pack(a.Content.Body), toJSON(a.Content.Header),
		string(e.Outcome), e.Reason, joinRuns(a.Runs), fanoutLane(p, a.Fanout), s.replicas.Number, string(e.Integration),
	}
	answer, err := s.confirmed(ctx, "storing the event", projectTag(p), acceptScript, appendRuns(args, a.Runs)...)
	if answer == nil {
		return Accepted{}, err
	}
	w := words(answer[:2])
	if w[0] == "" {
		return Accepted{}, synchook.NotFound("project", string(p))
	}
	return Accepted{ID: synchook.EventID(w[0]), Duplicate: w[1] == "1", Hints: hints(p, answer[2])}, err
}

// ReplayEvent records that an event is processed again, for the number-th time, and queues its runs.
func (s *Store) ReplayEvent(ctx context.Context, p synchook.ProjectID, number int, a Accept) ([]synchook.Hint, error) {
	args := []any{
		string(a.Event.ID), number, string(a.Event.Outcome), a.Event.Reason, joinRuns(a.Runs), fanoutLane(p, a.Fanout),
	}
	answer, err := s.inProject(ctx, p, replayScript, appendRuns(args, a.Runs)...).Slice()
	if err != nil {
		return nil, failed("replaying the event", err)
	}
	switch answer[0] {
	case "gone":
		return nil, synchook.NotFound("event", string(a.Event.ID))
	case "changed":
		return nil, &synchook.Fault{
			Kind: synchook.KindConflict, Reason: "replayed_meanwhile", Subject: string(a.Event.ID),
			Message: "somebody else replayed the event at the same moment", Help: "Look at the event's runs; replay it again if you still want to.",
		}
	}
	return hints(p, answer[1]), nil
}

// AddRuns queues runs that do not exist yet.
func (s *Store) AddRuns(ctx context.Context, p synchook.ProjectID, runs []synchook.Run) ([]synchook.Hint, error) {
	answer, err := s.inProject(ctx, p, addRunsScript, appendRuns(nil, runs)...).Slice()
	if err != nil {
		return nil, failed("queueing runs", err)
	}
	return hints(p, answer[1]), nil
}

func appendRuns(args []any, runs []synchook.Run) []any {
	for _, r := range runs {
		args = append(args, string(r.ID), string(r.Lane()), encodeRun(r))
	}
	return args
}

func joinRuns(runs []synchook.Run) string {
	ids := make([]string, 0, min(len(runs), 100))
	for _, r := range runs[:min(len(runs), 100)] {
		ids = append(ids, string(r.ID))
	}
	return strings.Join(ids, ",")
}

func fanoutLane(p synchook.ProjectID, fanout bool) string {
	if !fanout {
		return ""
	}
	return string(synchook.FanoutLane(p))
}

func seenKey(e synchook.Event) string {
	return string(e.Integration) + ":" + synchook.ContentID("", e.ExternalID)
}

// Event returns an event.
func (s *Store) Event(ctx context.Context, p synchook.ProjectID, id synchook.EventID) (synchook.Event, error) {
	f, err := s.rdb.HMGet(ctx, key(p, "event", string(id)), eventFields...).Result()
	if err != nil {
		return synchook.Event{}, failed("reading the event", err)
	}
	return decodeEvent(id, f)
}

// EventContent returns an event's body and headers.
func (s *Store) EventContent(ctx context.Context, p synchook.ProjectID, id synchook.EventID) (synchook.EventContent, error) {
	var c synchook.EventContent
	f, err := s.rdb.HMGet(ctx, key(p, "event", string(id)), "b", "h").Result()
	if err != nil {
		return c, failed("reading the event's content", err)
	}
	packed, ok := f[0].(string)
	if !ok {
		return c, synchook.NotFound("event", string(id))
	}
	if c.Body, err = unpack(packed); err != nil {
		return c, err
	}
	header, _ := f[1].(string)
	err = fromJSON(header, &c.Header)
	return c, err
}

var eventFields = []string{"f", "out", "why", "runs", "seq", "acc", "rep"}

func decodeEvent(id synchook.EventID, f []any) (synchook.Event, error) {
	w := words(f)
	if w[0] == "" {
		return synchook.Event{}, synchook.NotFound("event", string(id))
	}
	var facts eventFacts
	if err := fromJSON(w[0], &facts); err != nil {
		return synchook.Event{}, err
	}
	return synchook.Event{
		ID: id, Integration: facts.Integration, ExternalID: facts.ExternalID, Type: facts.Type, Size: facts.Size, Trace: facts.Trace,
		Outcome: synchook.Outcome(w[1]), Reason: w[2], Runs: typed[synchook.RunID](splitList(w[3])),
		Sequence: int64(number(w[4])), Accepted: fromMillis(w[5]), Replays: int(number(w[6])),
	}, nil
}

func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// EventQuery says which events are wanted. What is empty does not narrow them.
type EventQuery struct {
	Outcome     synchook.Outcome
	Integration synchook.IntegrationID
}

// Events returns a page of events, newest first. Of an outcome that has an index of its own, only
// these are read; a filter that has none may leave a page short.
func (s *Store) Events(ctx context.Context, p synchook.ProjectID, q EventQuery, page Page) ([]synchook.Event, string, error) {
	index := key(p, "events")
	if q.Outcome != "" && q.Outcome != synchook.OutcomeMatched {
		index = key(p, "events", string(q.Outcome))
	}
	l := listing{sets: []string{index}, order: newestFirst, sieve: newSieve(key(p, "event", ""), "f", q.Integration)}
	return list(ctx, s, l, page, func(pipe redis.Pipeliner, id string) func() (synchook.Event, error) {
		cmd := pipe.HMGet(ctx, key(p, "event", id), eventFields...)
		return func() (synchook.Event, error) { return decodeEvent(synchook.EventID(id), cmd.Val()) }
	}, func(e synchook.Event) bool {
		return isOrAny(e.Outcome, q.Outcome) && isOrAny(e.Integration, q.Integration)
	})
}

// Reject notes a webhook that was refused: the last 100 of an integration are kept.
func (s *Store) Reject(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, reason string) error {
	pipe := s.rdb.Pipeline()
	list := key(p, "rejected", string(in))
	pipe.LPush(ctx, list, strconv.FormatInt(s.now().UnixMilli(), 10)+"|"+reason)
	pipe.LTrim(ctx, list, 0, 99)
	pipe.Expire(ctx, list, synchook.DefaultRetention)
	_, err := pipe.Exec(ctx)
	return failed("noting a refused webhook", err)
}

// Rejected returns the last refused webhooks of an integration, newest first.
func (s *Store) Rejected(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID) ([]synchook.RejectedEvent, error) {
	lines, err := s.rdb.LRange(ctx, key(p, "rejected", string(in)), 0, 99).Result()
	out := make([]synchook.RejectedEvent, len(lines))
	for i, line := range lines {
		at, reason, _ := strings.Cut(line, "|")
		out[i] = synchook.RejectedEvent{Time: fromMillis(at), Reason: reason}
	}
	return out, failed("reading the refused webhooks", err)
}
