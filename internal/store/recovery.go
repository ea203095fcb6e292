package store

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	// countedAtOnce is how many deliveries one script looks at that counts: it must hold nobody up.
	countedAtOnce = 500
	// recoveredAtOnce is how many a step of a recovery looks at.
	recoveredAtOnce = 200
)

var recoveryFields = []string{"f", "st", "rate", "found", "re", "sk", "new", "end"}

func decodeRecovery(id synchook.RecoveryID, f []any) (synchook.Recovery, error) {
	w := words(f)
	if w[0] == "" {
		return synchook.Recovery{}, synchook.NotFound("recovery", string(id))
	}
	r := synchook.Recovery{
		ID: id, State: synchook.RecoveryState(w[1]), Rate: number(w[2]), Found: int64(number(w[3])),
		Retried: int64(number(w[4])), Skipped: int64(number(w[5])), Created: fromMillis(w[6]), Ended: fromMillis(w[7]),
	}
	r.Examined = r.Retried + r.Skipped
	err := fromJSON(w[0], &r.Filter)
	return r, err
}

// Recovery returns a recovery.
func (s *Store) Recovery(ctx context.Context, p synchook.ProjectID, id synchook.RecoveryID) (synchook.Recovery, error) {
	f, err := s.rdb.HMGet(ctx, key(p, "recovery", string(id)), recoveryFields...).Result()
	if err != nil {
		return synchook.Recovery{}, failed("reading the recovery", err)
	}
	return decodeRecovery(id, f)
}

// Recoveries returns a page of recoveries, newest first.
func (s *Store) Recoveries(ctx context.Context, p synchook.ProjectID, page Page) ([]synchook.Recovery, string, error) {
	l := listing{sets: []string{key(p, "recoveries")}, order: newestFirst}
	read := func(pipe redis.Pipeliner, id string) func() (synchook.Recovery, error) {
		cmd := pipe.HMGet(ctx, key(p, "recovery", id), recoveryFields...)
		return func() (synchook.Recovery, error) { return decodeRecovery(synchook.RecoveryID(id), cmd.Val()) }
	}
	return list(ctx, s, l, page, read, func(synchook.Recovery) bool { return true })
}

// CountRecovery counts what a recovery would retry that is made now, which is when it returns that it was counted. A
// filter by time and endpoint costs one look at a list; any other looks at each delivery of that time, some at once.
func (s *Store) CountRecovery(ctx context.Context, p synchook.ProjectID, f synchook.RecoveryFilter) (found int64, at time.Time, err error) {
	cut, score, member := "", "", ""
	for {
		answer, err := s.inProject(ctx, p, countRecoveryScript,
			toJSON(f), nextMillis(f.From), nextMillis(f.Before), countedAtOnce, cut, score, member).Slice()
		switch {
		case isNil(err):
			return 0, at, synchook.NotFound("project", string(p))
		case err != nil:
			return 0, at, failed("counting what a recovery would retry", err)
		}
		w := words(answer)
		found += int64(number(w[1]))
		if cut, score, member = w[0], w[2], w[3]; score == "" {
			return found, fromMillis(cut), nil
		}
	}
}

// CreateRecovery makes a recovery of what the filter describes now, which it counts first, and returns the hints to be
// sent.
func (s *Store) CreateRecovery(ctx context.Context, c synchook.Caller, f synchook.RecoveryFilter, rate float64) (synchook.Recovery, []synchook.Hint, error) {
	r := synchook.Recovery{
		ID:     synchook.RecoveryID(synchook.NewID(synchook.RecoveryPrefix, s.now())),
		Filter: f, Rate: rate, State: synchook.RecoveryRunning,
	}
	var err error
	if r.Found, r.Created, err = s.CountRecovery(ctx, c.Project, f); err != nil {
		return r, nil, err
	}
	end := r.Created.Add(time.Millisecond) // what was made later cannot have been given up before
	if !f.Before.IsZero() && f.Before.Before(end) {
		end = f.Before
	}
	audit := s.recoveryAudit(c, map[string]any{"id": r.ID, "filter": f, "rate": rate, "found": r.Found, "state": r.State})
	answer, err := s.inProject(ctx, c.Project, createRecoveryScript, string(r.ID), toJSON(f), nextMillis(f.From), nextMillis(end),
		strconv.FormatFloat(rate, 'g', -1, 64), millis(r.Created), r.Found, audit).Slice()
	if err != nil {
		return r, nil, failed("making the recovery", err)
	}
	if answer[0] == "gone" {
		return r, nil, synchook.NotFound("project", string(c.Project))
	}
	return r, hints(c.Project, answer[1]), nil
}

func (s *Store) recoveryAudit(c synchook.Caller, recovery map[string]any) string {
	return toJSON(map[string]any{"time": s.now().UTC(), "key": c.Key, "admin": c.Admin, "recovery": recovery})
}

// SteerRecovery pauses a recovery, has it go on, or cancels it, by the state that is wanted. It returns the hints to be
// sent. One that stands so already stays so; one that has ended cannot be steered.
func (s *Store) SteerRecovery(ctx context.Context, c synchook.Caller, id synchook.RecoveryID, to synchook.RecoveryState) ([]synchook.Hint, error) {
	audit := s.recoveryAudit(c, map[string]any{"id": id, "state": to})
	answer, err := s.inProject(ctx, c.Project, steerRecoveryScript, string(id), string(to), audit).Slice()
	if err != nil {
		return nil, failed("steering the recovery", err)
	}
	switch word, _ := answer[0].(string); word {
	case "ok":
		return hints(c.Project, answer[1]), nil
	case "gone":
		return nil, synchook.NotFound("recovery", string(id))
	default:
		return nil, recoveryEnded(id, synchook.RecoveryState(word), to)
	}
}

func recoveryEnded(id synchook.RecoveryID, is, wanted synchook.RecoveryState) error {
	how := map[synchook.RecoveryState]string{synchook.RecoverySucceeded: "has gone through all", synchook.RecoveryCancelled: "was cancelled"}[is]
	verb := map[synchook.RecoveryState]string{
		synchook.RecoveryPaused: "paused", synchook.RecoveryRunning: "resumed", synchook.RecoveryCancelled: "cancelled",
	}[wanted]
	return &synchook.Fault{
		Kind: synchook.KindState, Reason: "recovery_ended", Subject: string(id),
		Message: "the recovery " + how + " and has ended, so it cannot be " + verb,
		Help:    "What it made pending goes on by itself. Make another recovery for what was given up since, or for what it left.",
	}
}

// RecoveryStep is what a step of a recovery did.
type RecoveryStep struct {
	State   synchook.RecoveryState // empty: there is no such recovery
	Wait    time.Duration          // before the next step
	Retried int
	Hints   []synchook.Hint // to be sent
}

// Recover takes the next step of a recovery, if it goes on. A step that was taken already does no harm: each goes on
// where the last one ended.
func (s *Store) Recover(ctx context.Context, p synchook.ProjectID, id synchook.RecoveryID) (RecoveryStep, error) {
	answer, err := s.inProject(ctx, p, recoverScript, string(id), recoveredAtOnce).Slice()
	if err != nil {
		return RecoveryStep{}, failed("retrying what a recovery describes", err)
	}
	w := words(answer[:3])
	step := RecoveryStep{
		State: synchook.RecoveryState(w[0]), Wait: time.Duration(number(w[1])) * time.Millisecond, Retried: int(number(w[2])),
		Hints: hints(p, answer[3]),
	}
	if w[0] == "gone" {
		step.State = ""
	}
	return step, nil
}

// RecoveryDone hands in a recovery that was worked for a while.
type RecoveryDone struct {
	Recovery synchook.RecoveryID
	Wait     time.Duration // before it goes on, unless it no longer does
}

// TurnRecoveries takes a turn on a project's lane of recoveries.
func (s *Store) TurnRecoveries(ctx context.Context, p synchook.ProjectID, t Turn, done []RecoveryDone) (Taken[synchook.RecoveryID], error) {
	args := t.args()
	for _, d := range done {
		args = append(args, string(d.Recovery), d.Wait.Milliseconds())
	}
	return takeTurn(ctx, s, p, turnRecoveriesScript, args, func(id string, _ any) (synchook.RecoveryID, error) {
		return synchook.RecoveryID(id), nil
	})
}
