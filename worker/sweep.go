package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	scheduleEvery = time.Second
	sweepEvery    = 5 * time.Second
	pruneEvery    = time.Minute
	leaseFor      = 12 * time.Second
	sweepAtMost   = 100 // lanes of a project at a time
	fireAtMost    = 200 // schedules of a project at a time
	pruneAtMost   = 500 // rows of a kind at a time
)

// sweeper is the one among all workers that fires schedules, wakes lanes that nobody touched in time,
// and removes what is past its retention. When it dies, another takes its place.
type sweeper struct {
	store   Store
	queue   Queue
	metrics *metrics
	log     *slog.Logger
	who     string
	now     func() time.Time
}

// run does all this until the context ends.
func (s *sweeper) run(ctx context.Context) {
	tick := time.NewTicker(scheduleEvery)
	defer tick.Stop()
	var swept, pruned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		leads, err := s.store.Lead(ctx, "sweep", s.who, leaseFor)
		if err != nil || !leads {
			continue // whoever needs the store says that it is gone
		}
		projects, err := s.store.ProjectIDs(ctx)
		if err != nil {
			continue
		}
		s.warn(ctx, "firing schedules", s.fire(ctx, projects))
		if now := s.now(); now.Sub(swept) >= sweepEvery {
			swept = now
			s.warn(ctx, "sweeping", s.sweep(ctx, projects))
		}
		if now := s.now(); now.Sub(pruned) >= pruneEvery {
			pruned = now
			s.warn(ctx, "pruning", s.prune(ctx, projects))
		}
	}
}

func (s *sweeper) warn(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.Warn(doing+" failed; it is tried again", "error", err)
	}
}

// sweep wakes overdue lanes whose hint is not on its way.
func (s *sweeper) sweep(ctx context.Context, projects []synchook.ProjectID) error {
	if err := s.queue.Announce(ctx); err != nil {
		return err
	}
	overdue, err := s.store.OverdueLanes(ctx, projects, sweepAtMost)
	if err != nil {
		return err
	}
	for p, lanes := range overdue {
		for _, o := range lanes {
			if err := s.rescue(ctx, p, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sweeper) rescue(ctx context.Context, p synchook.ProjectID, o store.Overdue) error {
	onItsWay := false
	if !o.Leased {
		var err error
		if onItsWay, err = s.queue.OnItsWay(ctx, o.Lane, o.Generation); err != nil {
			return err
		}
	}
	hints, err := s.store.Rewake(ctx, p, o, onItsWay)
	if err != nil || len(hints) == 0 {
		return err
	}
	s.metrics.rescues.Inc()
	s.log.Info("woke a lane that nobody touched in time", "project", p, "lane", o.Lane, "generation", o.Generation, "leased", o.Leased)
	return s.queue.Send(ctx, hints...)
}

// fire queues the runs that are due by their syncs' frequency.
func (s *sweeper) fire(ctx context.Context, projects []synchook.ProjectID) error {
	due, err := s.store.DueSchedules(ctx, projects, fireAtMost)
	if err != nil {
		return err
	}
	for p, list := range due {
		for _, d := range list {
			if err := s.fireOne(ctx, p, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sweeper) fireOne(ctx context.Context, p synchook.ProjectID, d store.Due) error {
	con, err := s.store.Connection(ctx, p, d.Connection)
	if synchook.IsKind(err, synchook.KindNotFound) {
		return s.store.Unschedule(ctx, p, d)
	}
	if err != nil {
		return err
	}
	sync, err := s.store.Sync(ctx, p, con.Integration, d.Sync)
	if synchook.IsKind(err, synchook.KindNotFound) || (err == nil && sync.Frequency <= 0) {
		return s.store.Unschedule(ctx, p, d)
	}
	if err != nil {
		return err
	}
	hints, err := s.store.Fire(ctx, p, d, synchook.NextRun(s.now(), sync.Frequency, con.ID, sync.ID), synchook.Run{
		ID:          synchook.ScheduledRunID(d.At, con.ID, sync.ID),
		Integration: con.Integration, Connection: con.ID, Sync: sync.ID, Trigger: synchook.TriggerSchedule,
	})
	if err != nil || len(hints) == 0 {
		return err
	}
	return s.queue.Send(ctx, hints...)
}

// prune removes finished rows that are past their project's retention.
func (s *sweeper) prune(ctx context.Context, projects []synchook.ProjectID) error {
	for _, p := range projects {
		settings, err := s.store.Settings(ctx, p)
		if err != nil {
			return err
		}
		n, err := s.store.Prune(ctx, p, s.now().Add(-settings.Keep()), pruneAtMost)
		if err != nil {
			return err
		}
		s.metrics.pruned.Add(float64(n))
	}
	return nil
}
