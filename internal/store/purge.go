package store

import (
	"context"
	"strings"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	purgeKey = "synchook:purges"
	// intentTime is after how long a crash between an intent to delete and the deletion is noticed.
	intentTime = 30 * time.Second
	// purgeWait is how long a purge waits for what is in flight before it looks again.
	purgeWait = 2 * time.Second
	// purgeAtMost is how many rows a step looks at.
	purgeAtMost = 500
)

// Purge is what removes all that a deleted connection left behind.
type Purge struct {
	Project    synchook.ProjectID
	Connection synchook.ConnectionID
}

func (p Purge) member() string { return string(p.Project) + "/" + string(p.Connection) }

func purgeOf(member string) Purge {
	project, con, _ := strings.Cut(member, "/")
	return Purge{synchook.ProjectID(project), synchook.ConnectionID(con)}
}

func (p Purge) row() string { return key(p.Project, "purge", string(p.Connection)) }

// PurgeStep is what a step of a purge did.
type PurgeStep struct {
	First bool   // it was the first
	Last  bool   // all is removed
	Total Purged // by all steps, when it was the last
}

// Purged counts what was removed.
type Purged struct {
	Records    int64
	Runs       int64
	Deliveries int64
}

// intend notes that something is about to be deleted, so that a crash between its deletion and the
// beginning of its purge leaves nothing behind. An intent that nothing follows is dropped.
func (s *Store) intend(ctx context.Context, p Purge) error { return s.later(ctx, p, intentTime, "NX") }

// begin has the purge of what was deleted begin.
func (s *Store) begin(ctx context.Context, p Purge) error { return s.later(ctx, p, 0, "LT") }

func (s *Store) later(ctx context.Context, p Purge, d time.Duration, when string) error {
	err := purgeLaterScript.Run(ctx, s.rdb, []string{purgeKey}, p.member(), d.Milliseconds(), when).Err()
	return failed("putting off a purge", err)
}

// DuePurges returns up to n purges that have something to do.
func (s *Store) DuePurges(ctx context.Context, n int) ([]Purge, error) {
	members, err := purgeDueScript.Run(ctx, s.rdb, []string{purgeKey}, n).StringSlice()
	if err != nil {
		return nil, failed("looking for purges", err)
	}
	purges := make([]Purge, len(members))
	for i, m := range members {
		purges[i] = purgeOf(m)
	}
	return purges, nil
}

// Purge takes a purge's next step, which keeps the store busy for some milliseconds at most. A step that
// was taken already, or in part, does no harm: a crash at any point costs that step at most.
func (s *Store) Purge(ctx context.Context, p Purge) (PurgeStep, error) {
	row, err := s.rdb.HGetAll(ctx, p.row()).Result()
	if err != nil {
		return PurgeStep{}, failed("reading a purge", err)
	}
	if len(row) == 0 { // nothing was deleted, or all is removed
		return PurgeStep{}, s.endPurge(ctx, p)
	}
	switch row["step"] {
	case "":
		return PurgeStep{First: true}, s.firstPurgeStep(ctx, p)
	case lastStep:
		total := Purged{Records: count(row, "records"), Runs: count(row, "runs"), Deliveries: count(row, "deliveries")}
		return PurgeStep{Last: true, Total: total}, s.endPurge(ctx, p)
	}
	return PurgeStep{}, s.purgeConnection(ctx, p, row)
}

func count(row map[string]string, what string) int64 { return int64(number(row[what])) }

func (s *Store) firstPurgeStep(ctx context.Context, p Purge) error {
	return failed("beginning a purge", s.rdb.HSet(ctx, p.row(), "step", firstStep).Err())
}

func (s *Store) endPurge(ctx context.Context, p Purge) error {
	if err := s.rdb.Del(ctx, p.row()).Err(); err != nil {
		return failed("ending a purge", err)
	}
	return failed("ending a purge", s.rdb.ZRem(ctx, purgeKey, p.member()).Err())
}
