package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	scheduleEvery = time.Second
	sweepEvery    = 5 * time.Second
	leaseFor      = 12 * time.Second
	longOverdue   = 30 * time.Second // later than any sweep sees a lane first, while there is one
	sweepAtMost   = 100              // lanes of a project at a time
	fireAtMost    = 200              // schedules of a project at a time
)

// sweeper is the one among all workers that fires schedules and wakes lanes that nobody touched in time.
// When it dies, another takes its place.
type sweeper struct {
	store   Store
	queue   Queue
	metrics *metrics
	log     *slog.Logger
	census  *census
	who     string
	now     func() time.Time

	contact  contact
	suspects map[suspect]bool // of the last sweep
}

// contact notes when the store answered. Its zero value is ready, and its methods may be called
// concurrently.
type contact struct {
	mu         sync.Mutex
	last, back time.Time // the last answer; the first one after the store was away
}

func (c *contact) heard(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.last.IsZero() && now.Sub(c.last) > renewTime {
		c.back = now
	}
	c.last = now
}

// fresh reports whether the store was away until a moment ago: no worker could renew a lease meanwhile.
func (c *contact) fresh(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Sub(c.back) < 2*sweepEvery
}

// suspect is a lane that is leased, and whose lease seems to be long over.
type suspect struct {
	project    synchook.ProjectID
	lane       synchook.LaneID
	generation int64
}

// run does all this until the context ends. Removing has a loop and a leader of its own, so that a large
// backlog of it holds nothing up.
func (s *sweeper) run(ctx context.Context) {
	p := &pruner{store: s.store, metrics: s.metrics, log: s.log, now: s.now}
	var pruning sync.WaitGroup
	pruning.Go(func() { s.lead(ctx, "prune", removeEvery, func() { p.work(ctx) }, func() {}) })
	defer pruning.Wait()
	var swept time.Time
	defer s.census.forget()
	s.lead(ctx, "sweep", scheduleEvery, func() {
		projects, err := s.store.ProjectIDs(ctx)
		if err != nil {
			return // whoever needs the store says that it is gone
		}
		s.warn(ctx, "firing schedules", s.fire(ctx, projects))
		if now := s.now(); now.Sub(swept) >= sweepEvery {
			swept = now
			s.warn(ctx, "sweeping", s.sweep(ctx, projects))
		}
		s.warn(ctx, "counting what waits", s.census.take(ctx, projects))
	}, s.census.forget)
}

// lead does something every so often while it leads in that role, and another thing when it finds that it
// does not.
func (s *sweeper) lead(ctx context.Context, role string, every time.Duration, do, otherwise func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		leads, err := s.store.Lead(ctx, role, s.who, every+leaseFor)
		if err == nil {
			s.contact.heard(s.now())
		}
		if err == nil && leads {
			do()
		} else {
			otherwise()
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
	var errs []error // one lane that cannot be woken must not keep the others asleep
	suspects := map[suspect]bool{}
	for p, lanes := range overdue {
		for _, o := range lanes {
			if s.suspect(p, o, suspects) {
				continue
			}
			errs = append(errs, s.rescue(ctx, p, o))
		}
	}
	s.suspects = suspects
	return errors.Join(errs...)
}

// suspect reports whether a lane must be seen again before it is woken, and remembers it. Its worker may
// live, and will have renewed its lease by the next sweep: when the store was away until now, or when its
// clock was set forward, so that the lease ran out long before the last sweep, which did not see it.
func (s *sweeper) suspect(p synchook.ProjectID, o store.Overdue, suspects map[suspect]bool) bool {
	if !o.Leased || (o.Late < longOverdue && !s.contact.fresh(s.now())) {
		return false
	}
	one := suspect{p, o.Lane, o.Generation}
	suspects[one] = true
	return !s.suspects[one]
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
	var errs []error // one schedule that cannot be fired must not hold up the others
	for p, list := range due {
		for _, d := range list {
			errs = append(errs, s.fireOne(ctx, p, d))
		}
	}
	return errors.Join(errs...)
}

func (s *sweeper) fireOne(ctx context.Context, p synchook.ProjectID, d store.Due) error {
	in, err := s.store.IntegrationOf(ctx, p, d.Connection)
	if synchook.IsKind(err, synchook.KindNotFound) {
		return s.store.Unschedule(ctx, p, d)
	}
	if err != nil {
		return err
	}
	sy, err := s.store.Sync(ctx, p, in, d.Sync)
	if synchook.IsKind(err, synchook.KindNotFound) || (err == nil && sy.Frequency <= 0) {
		return s.store.Unschedule(ctx, p, d)
	}
	if err != nil {
		return err
	}
	hints, err := s.store.Fire(ctx, p, d, synchook.NextRun(s.now(), sy.Frequency, d.Connection, sy.ID), synchook.Run{
		ID:          synchook.ScheduledRunID(d.At, d.Connection, sy.ID),
		Integration: in, Connection: d.Connection, Sync: sy.ID, Trigger: synchook.TriggerSchedule,
	})
	if err != nil {
		return err
	}
	s.metrics.scheduleLate.Observe(max(s.now().Sub(d.At), 0).Seconds())
	if len(hints) == 0 {
		return nil
	}
	return s.queue.Send(ctx, hints...)
}
