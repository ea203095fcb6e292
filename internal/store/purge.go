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

// Purge is what removes all that a deleted connection, or a deleted project, left behind.
type Purge struct {
	Project    synchook.ProjectID
	Connection synchook.ConnectionID // empty: the whole project
	score      string                // by which it was due
}

func (p Purge) member() string {
	if p.Connection == "" {
		return string(p.Project)
	}
	return string(p.Project) + "/" + string(p.Connection)
}

func purgeOf(member, score string) Purge {
	project, con, _ := strings.Cut(member, "/")
	return Purge{synchook.ProjectID(project), synchook.ConnectionID(con), score}
}

// row is the key of what the purge has to know.
func (p Purge) row() string {
	if p.Connection == "" {
		return key(p.Project, "purge")
	}
	return key(p.Project, "purge", string(p.Connection))
}

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
	Keys       int64 // of Redis: a project is not counted in finer parts
}

// intend notes that something is about to be deleted, so that a crash between its deletion and the
// beginning of its purge leaves nothing behind. An intent that nothing follows is dropped.
func (s *Store) intend(ctx context.Context, p Purge) error { return s.later(ctx, p, intentTime, "NX") }

// begin has the purge of what was deleted begin.
func (s *Store) begin(ctx context.Context, p Purge) error { return s.later(ctx, p, 0, "CH") }

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
	purges := make([]Purge, 0, len(members)/2)
	for i := 0; i+1 < len(members); i += 2 {
		purges = append(purges, purgeOf(members[i], members[i+1]))
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
	if len(row) == 0 {
		return PurgeStep{}, s.purgeNothing(ctx, p)
	}
	switch {
	case row["step"] == "":
		return PurgeStep{First: true}, s.firstPurgeStep(ctx, p)
	case row["step"] != lastStep && p.Connection != "":
		return PurgeStep{}, s.purgeConnection(ctx, p, row)
	case row["step"] != lastStep:
		return PurgeStep{}, s.purgeProject(ctx, p, row)
	}
	total := Purged{
		Records: count(row, "records"), Runs: count(row, "runs"), Deliveries: count(row, "deliveries"), Keys: count(row, "keys"),
	}
	return PurgeStep{Last: true, Total: total}, s.endPurge(ctx, p)
}

// purgeNothing drops a purge that has nothing to remove: an intent that nothing followed, or one whose
// end was not noted. A project whose making was never finished is deleted.
func (s *Store) purgeNothing(ctx context.Context, p Purge) error {
	if p.Connection == "" {
		deleted, err := s.inProject(ctx, p.Project, deleteProjectScript, "draft").Bool()
		if err != nil || deleted {
			return failed("looking for a project that was never finished", err)
		}
	}
	err := purgeDropScript.Run(ctx, s.rdb, []string{purgeKey}, p.member(), p.score).Err()
	return failed("dropping a purge", err)
}

func count(row map[string]string, what string) int64 { return int64(number(row[what])) }

func (s *Store) firstPurgeStep(ctx context.Context, p Purge) error {
	return failed("beginning a purge", s.rdb.HSet(ctx, p.row(), "step", firstStep).Err())
}

func (s *Store) endPurge(ctx context.Context, p Purge) error {
	if p.Connection == "" {
		if err := s.closeProject(ctx, p.Project); err != nil {
			return err
		}
		if err := s.rdb.Unlink(ctx, key(p.Project, "keys")).Err(); err != nil {
			return failed("ending a purge", err)
		}
	}
	if err := s.rdb.Del(ctx, p.row()).Err(); err != nil {
		return failed("ending a purge", err)
	}
	return failed("ending a purge", s.rdb.ZRem(ctx, purgeKey, p.member()).Err())
}
