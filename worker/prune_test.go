package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// fakePruneStore has so many batches of rows to remove in each project.
type fakePruneStore struct {
	Store
	left  map[synchook.ProjectID]int
	steps []synchook.ProjectID // whose turn it was, in order
}

func (f *fakePruneStore) ProjectIDs(context.Context) ([]synchook.ProjectID, error) {
	return []synchook.ProjectID{"prj_bad", "prj_gone", "prj_1", "prj_2"}, nil
}

func (f *fakePruneStore) Settings(_ context.Context, p synchook.ProjectID) (synchook.Settings, error) {
	switch p {
	case "prj_bad":
		return synchook.Settings{}, errors.New("damaged")
	case "prj_gone":
		return synchook.Settings{}, synchook.NotFound("project", "prj_gone")
	}
	return synchook.Settings{}, nil
}

func (f *fakePruneStore) Prune(_ context.Context, p synchook.ProjectID, kind store.RowKind, _ time.Time, n, _ int) (store.Pruned, error) {
	if kind != store.EventRows || f.left[p] == 0 {
		return store.Pruned{Done: true}, nil
	}
	f.left[p]--
	f.steps = append(f.steps, p)
	return store.Pruned{Removed: n}, nil
}

func (f *fakePruneStore) Forget(context.Context, synchook.ProjectID, time.Time, int) (store.Pruned, error) {
	return store.Pruned{Done: true}, nil
}

func newPruner(f Store) *pruner {
	return &pruner{
		store: f, metrics: newMetrics(prometheus.NewRegistry()), log: slog.New(slog.NewTextHandler(io.Discard, nil)), now: time.Now,
	}
}

func TestProjectsTakeTurnsAtBeingPrunedUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePruneStore{left: map[synchook.ProjectID]int{"prj_1": 3, "prj_2": 2}}
		p := newPruner(f)
		if err := p.prune(t.Context()); err == nil {
			t.Error("the damaged project is not told of")
		}
		want := []synchook.ProjectID{"prj_1", "prj_2", "prj_1", "prj_2", "prj_1"}
		if !slices.Equal(f.steps, want) {
			t.Errorf("turns %v, want %v", f.steps, want)
		}
		f.left["prj_1"] = 1
		if err := p.prune(t.Context()); err != nil || f.left["prj_1"] != 1 {
			t.Errorf("the next round began at once (%v)", err)
		}
		<-time.After(pruneEvery)
		if _ = p.prune(t.Context()); f.left["prj_1"] != 0 {
			t.Error("the next round did not come")
		}
	})
}

// fakePurgeStore has so many steps left of each purge.
type fakePurgeStore struct {
	Store
	left  map[synchook.ConnectionID]int
	steps []synchook.ConnectionID
}

func (f *fakePurgeStore) DuePurges(context.Context, int) ([]store.Purge, error) {
	var due []store.Purge
	for _, con := range slices.Sorted(maps.Keys(f.left)) {
		due = append(due, store.Purge{Project: "prj_1", Connection: con})
	}
	return due, nil
}

func (f *fakePurgeStore) Purge(_ context.Context, p store.Purge) (store.PurgeStep, error) {
	f.steps = append(f.steps, p.Connection)
	if f.left[p.Connection]--; f.left[p.Connection] == 0 {
		delete(f.left, p.Connection)
	}
	return store.PurgeStep{Last: f.left[p.Connection] == 0}, nil
}

func TestPurgesTakeTurnsUntilAllIsRemoved(t *testing.T) {
	t.Parallel()
	f := &fakePurgeStore{left: map[synchook.ConnectionID]int{"con_1": 3, "con_2": 2}}
	if err := newPruner(f).purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []synchook.ConnectionID{"con_1", "con_2", "con_1", "con_2", "con_1"}; !slices.Equal(f.steps, want) {
		t.Errorf("turns %v, want %v", f.steps, want)
	}
}
