package store

import (
	"context"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// RowKind is a kind of rows that are removed some time after they have ended.
type RowKind string

// The kinds of rows.
const (
	EventRows    RowKind = "event"
	RunRows      RowKind = "run"
	DeliveryRows RowKind = "dlv"
)

// RowKinds returns all kinds of rows.
func RowKinds() []RowKind { return []RowKind{EventRows, RunRows, DeliveryRows} }

// Pruned is what a step of pruning did.
type Pruned struct {
	Removed int
	// Next is how many rows, which are old and have not finished, the next step passes over.
	Next int
	// Done says that there are no more old ones.
	Done bool
}

// Prune looks at n rows of a kind, those after the first from, and removes the finished ones that ended
// before t. An event is kept as long as a run of it waits.
func (s *Store) Prune(ctx context.Context, p synchook.ProjectID, kind RowKind, t time.Time, n, from int) (Pruned, error) {
	answer, err := s.inProject(ctx, p, pruneScript, string(kind), millis(t), n, from).Int64Slice()
	if err != nil {
		return Pruned{}, failed("pruning", err)
	}
	return Pruned{Removed: int(answer[0]), Next: int(answer[1]), Done: answer[1] < 0}, nil
}
