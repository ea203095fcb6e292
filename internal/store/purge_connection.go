package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	// goneTime is for how long after a purge workers are refused that still hold a run of what was deleted.
	// No task is worked on for longer.
	goneTime = time.Hour
	// clockSlack is by how much the clocks of Redis and of the server that made an ID may differ.
	clockSlack = 24 * time.Hour
)

// The steps of a connection's purge, in their order.
const (
	firstStep      = "first" // the lanes: runs that wait, and those in flight as soon as their workers let go
	runsStep       = "runs"
	deliveriesStep = "deliveries"
	slotStep       = "slot" // records, and the connection's clocks and logs
	lastStep       = "last"
)

// purgeConnection takes the step that its row names.
func (s *Store) purgeConnection(ctx context.Context, p Purge, row map[string]string) error {
	con := string(p.Connection)
	switch row["step"] {
	case firstStep:
		return s.purgeRows(ctx, p, purgeLanesScript, con, purgeAtMost, runsStep)
	case runsStep:
		return s.purgeRows(ctx, p, purgeRowsScript, con, purgeAtMost, deliveriesStep, "runs", p.since())
	case deliveriesStep:
		return s.purgeRows(ctx, p, purgeRowsScript, con, purgeAtMost, slotStep, "deliveries", p.since())
	}
	return s.purgeSlot(ctx, p, splitList(row["models"]))
}

// since is a time before which no row of the connection can have been made.
func (p Purge) since() string {
	return millis(synchook.IDTime(string(p.Connection)).Add(-clockSlack))
}

// purgeRows runs a script that removes some rows in the project's slot. When some are in flight, the
// purge waits for them.
func (s *Store) purgeRows(ctx context.Context, p Purge, script *redis.Script, args ...any) error {
	word, err := s.inProject(ctx, p.Project, script, args...).Text()
	if err != nil {
		return failed("removing rows of a deleted connection", err)
	}
	if word == "wait" {
		return s.later(ctx, p, purgeWait, "XX")
	}
	return nil
}

// purgeSlot removes some of what is kept in the connection's slot.
func (s *Store) purgeSlot(ctx context.Context, p Purge, models []string) error {
	args := []any{purgeAtMost, int(goneTime / time.Second)}
	for _, m := range models {
		args = append(args, m)
	}
	answer, err := s.inConnection(ctx, p.Project, p.Connection, purgeSlotScript, args...).Int64Slice()
	if err != nil {
		return failed("removing the records of a deleted connection", err)
	}
	if answer[1] == 1 {
		return nil
	}
	pipe := s.rdb.TxPipeline()
	pipe.HIncrBy(ctx, p.row(), "records", answer[0])
	pipe.HSet(ctx, p.row(), "step", lastStep)
	_, err = pipe.Exec(ctx)
	return failed("going on with a purge", err)
}
