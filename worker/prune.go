package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	removeEvery = 5 * time.Second // how often somebody looks for what is to be removed
	purgeSlice  = 3 * time.Second // of what deleted connections left, before pruning has its turn
	purgeAtMost = 100             // purges that take turns
	pruneEvery  = time.Minute     // between the beginnings of two rounds of pruning
	pruneSlice  = 5 * time.Second // of a round, before other work has its turn
	pruneAtMost = 200             // rows at a time
)

// pruner removes what deleted connections left behind, and what is past its retention. It prunes in rounds: projects take turns of one step each, so
// that the backlog of one holds up no other, and a round goes on where it was when its slice was over.
type pruner struct {
	store   Store
	metrics *metrics
	log     *slog.Logger
	now     func() time.Time

	began time.Time // of the round
	round []*pruning
}

// pruning is where a project's part of a round stands.
type pruning struct {
	project synchook.ProjectID
	before  time.Time       // rows that ended before are removed
	kinds   []store.RowKind // that are left
	from    int             // how many rows of the first kind are passed over: they have not finished
	deleted time.Time       // records that were deleted before are forgotten, when no kind is left
}

// work does what is due, for a slice of time.
func (p *pruner) work(ctx context.Context) {
	p.warn(ctx, "purging", p.purge(ctx))
	p.warn(ctx, "pruning", p.prune(ctx))
}

func (p *pruner) warn(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		p.log.Warn(doing+" failed; it is tried again", "error", err)
	}
}

// purge has the purges that are due take turns of one step, for a slice of time.
func (p *pruner) purge(ctx context.Context) error {
	for until := p.now().Add(purgeSlice); ctx.Err() == nil && p.now().Before(until); {
		due, err := p.store.DuePurges(ctx, purgeAtMost)
		if err != nil || len(due) == 0 {
			return err
		}
		var errs []error // one that fails must not hold up the others
		for _, d := range due {
			began := p.now()
			errs = append(errs, p.purgeStep(ctx, d))
			rest(ctx, p.now().Sub(began))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}

func (p *pruner) purgeStep(ctx context.Context, d store.Purge) error {
	step, err := p.store.Purge(ctx, d)
	what := "connection"
	if d.Connection == "" {
		what = "project"
	}
	switch {
	case err != nil:
		return fmt.Errorf("deleted %s (project %s, connection %q): %w", what, d.Project, d.Connection, err)
	case step.First:
		p.log.Info("what a deleted "+what+" left behind is being removed", "project", d.Project, "connection", d.Connection)
	case step.Last:
		p.log.Info("all that a deleted "+what+" left behind is removed", "project", d.Project, "connection", d.Connection,
			"records", step.Total.Records, "runs", step.Total.Runs, "deliveries", step.Total.Deliveries, "keys", step.Total.Keys)
	}
	return nil
}

// prune goes on with the round for a slice of time. When it is over, the next one begins in its time.
func (p *pruner) prune(ctx context.Context) error {
	if len(p.round) == 0 {
		if p.now().Sub(p.began) < pruneEvery {
			return nil
		}
		if err := p.begin(ctx); err != nil {
			return err
		}
	}
	var errs []error // one project that cannot be pruned must not hold up the others
	for until := p.now().Add(pruneSlice); len(p.round) > 0 && ctx.Err() == nil && p.now().Before(until); {
		turn := p.round[0]
		p.round = p.round[1:]
		began := p.now()
		more, err := p.step(ctx, turn)
		errs = append(errs, err)
		if more {
			p.round = append(p.round, turn)
		}
		rest(ctx, p.now().Sub(began))
	}
	return errors.Join(errs...)
}

func (p *pruner) begin(ctx context.Context) error {
	projects, err := p.store.ProjectIDs(ctx)
	if err != nil {
		return err
	}
	p.began = p.now()
	for _, id := range projects {
		p.round = append(p.round, &pruning{project: id})
	}
	return nil
}

// step takes a project's turn and reports whether it wants another one in this round.
func (p *pruner) step(ctx context.Context, t *pruning) (more bool, err error) {
	if t.before.IsZero() {
		return p.first(ctx, t)
	}
	if len(t.kinds) == 0 {
		forgotten, err := p.store.Forget(ctx, t.project, t.deleted, pruneAtMost)
		p.metrics.pruned.Add(float64(forgotten.Removed))
		return err == nil && !forgotten.Done, err
	}
	pruned, err := p.store.Prune(ctx, t.project, t.kinds[0], t.before, pruneAtMost, t.from)
	if err != nil {
		return false, err
	}
	p.metrics.pruned.Add(float64(pruned.Removed))
	t.from = pruned.Next
	if pruned.Done {
		t.kinds, t.from = t.kinds[1:], 0
	}
	return true, nil
}

// first reads how long a project keeps things.
func (p *pruner) first(ctx context.Context, t *pruning) (more bool, err error) {
	settings, err := p.store.Settings(ctx, t.project)
	if synchook.IsKind(err, synchook.KindNotFound) {
		return false, nil // deleted meanwhile
	}
	now := p.now()
	t.before, t.deleted, t.kinds = now.Add(-settings.Keep()), now.Add(-settings.KeepDeleted()), store.RowKinds()
	return err == nil, err
}

// rest leaves the store to others for as long as it was just kept busy, so that they get at least half of
// its time whatever there is to remove.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
