package store

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// Due is a schedule whose run is due.
type Due struct {
	Connection synchook.ConnectionID
	Sync       synchook.SyncID
	At         time.Time
}

// Status returns how a sync stands on a connection.
func (s *Store) Status(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, syn synchook.SyncID) (synchook.SyncStatus, error) {
	return readStatus(ctx, s.rdb, p, con, syn)()
}

func readStatus(ctx context.Context, r redis.Cmdable, p synchook.ProjectID, con synchook.ConnectionID, syn synchook.SyncID) func() (synchook.SyncStatus, error) {
	row := r.HGetAll(ctx, key(p, "status", scheduleMember(con, syn)))
	next := r.ZScore(ctx, key(p, "schedules"), scheduleMember(con, syn))
	return func() (synchook.SyncStatus, error) {
		if err := row.Err(); err != nil {
			return synchook.SyncStatus{}, failed("reading the sync's status", err)
		}
		if err := next.Err(); err != nil && !isNil(err) {
			return synchook.SyncStatus{}, failed("reading the sync's schedule", err)
		}
		status := synchook.SyncStatus{Paused: row.Val()["paused"] == "1", LastSync: fromMillis(row.Val()["last"])}
		if next.Val() > 0 {
			status.NextRun = time.UnixMilli(int64(next.Val())).UTC()
		}
		return status, nil
	}
}

// Schedule makes a sync due on connections at a time, unless it has a schedule there already or is
// paused by a person.
func (s *Store) Schedule(ctx context.Context, p synchook.ProjectID, syn synchook.SyncID, cons []synchook.ConnectionID, at time.Time) error {
	members := make([]redis.Z, 0, len(cons))
	for _, con := range cons {
		status, err := s.Status(ctx, p, con, syn)
		if err != nil {
			return err
		}
		if !status.Paused {
			members = append(members, redis.Z{Score: float64(at.UnixMilli()), Member: scheduleMember(con, syn)})
		}
	}
	if len(members) == 0 {
		return nil
	}
	return failed("storing schedules", s.rdb.ZAddNX(ctx, key(p, "schedules"), members...).Err())
}

// Hasten makes a sync with a new frequency due on connections no later than that frequency asks for. It
// schedules nothing that was not scheduled.
func (s *Store) Hasten(ctx context.Context, p synchook.ProjectID, sy synchook.Sync, cons []synchook.ConnectionID) error {
	args := redis.ZAddArgs{XX: true, LT: true}
	for _, con := range cons {
		next := synchook.NextRun(s.now(), sy.Frequency, con, sy.ID)
		args.Members = append(args.Members, redis.Z{Score: float64(next.UnixMilli()), Member: scheduleMember(con, sy.ID)})
	}
	if len(args.Members) == 0 {
		return nil
	}
	return failed("storing schedules", s.rdb.ZAddArgs(ctx, key(p, "schedules"), args).Err())
}

// Pause ends the schedule of a sync on connections until Start.
func (s *Store) Pause(ctx context.Context, p synchook.ProjectID, syn synchook.SyncID, cons []synchook.ConnectionID) error {
	pipe := s.rdb.TxPipeline()
	for _, con := range cons {
		pipe.HSet(ctx, key(p, "status", scheduleMember(con, syn)), "paused", "1")
		pipe.ZRem(ctx, key(p, "schedules"), scheduleMember(con, syn))
	}
	_, err := pipe.Exec(ctx)
	return failed("pausing", err)
}

// Start ends a pause; a sync with a frequency is due at that time.
func (s *Store) Start(ctx context.Context, p synchook.ProjectID, sy synchook.Sync, cons []synchook.ConnectionID, at time.Time) error {
	pipe := s.rdb.TxPipeline()
	for _, con := range cons {
		pipe.HDel(ctx, key(p, "status", scheduleMember(con, sy.ID)), "paused")
		if sy.Frequency > 0 {
			pipe.ZAdd(ctx, key(p, "schedules"), redis.Z{Score: float64(at.UnixMilli()), Member: scheduleMember(con, sy.ID)})
		}
	}
	_, err := pipe.Exec(ctx)
	return failed("starting", err)
}

// Unschedule removes a schedule for good: its sync or its connection is gone.
func (s *Store) Unschedule(ctx context.Context, p synchook.ProjectID, d Due) error {
	return failed("removing a schedule", s.rdb.ZRem(ctx, key(p, "schedules"), scheduleMember(d.Connection, d.Sync)).Err())
}

// DueSchedules returns up to n schedules of each project that are due, those with none left out.
func (s *Store) DueSchedules(ctx context.Context, projects []synchook.ProjectID, n int) (map[synchook.ProjectID][]Due, error) {
	if len(projects) == 0 {
		return nil, nil
	}
	pipe := s.rdb.Pipeline()
	cmds := make([]*redis.ZSliceCmd, len(projects))
	for i, p := range projects {
		cmds[i] = pipe.ZRangeByScoreWithScores(ctx, key(p, "schedules"), &redis.ZRangeBy{
			Min: "-inf", Max: millis(s.now()), Count: int64(n),
		})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, failed("reading the schedules", err)
	}
	out := map[synchook.ProjectID][]Due{}
	for i, p := range projects {
		for _, m := range cmds[i].Val() {
			member, _ := m.Member.(string)
			con, syn, _ := strings.Cut(member, ".")
			out[p] = append(out[p], Due{Connection: synchook.ConnectionID(con), Sync: synchook.SyncID(syn), At: time.UnixMilli(int64(m.Score))})
		}
	}
	return out, nil
}

// Fire queues the run of a due schedule, unless one waits or runs already, and moves the schedule to
// its next time. Whoever comes second does nothing.
func (s *Store) Fire(ctx context.Context, p synchook.ProjectID, d Due, next time.Time, run synchook.Run) ([]synchook.Hint, error) {
	answer, err := s.inProject(ctx, p, fireScript, scheduleMember(d.Connection, d.Sync),
		millis(d.At), millis(next), string(run.ID), encodeRun(run)).Slice()
	if err != nil {
		return nil, failed("firing a schedule", err)
	}
	return hints(p, answer[1]), nil
}
