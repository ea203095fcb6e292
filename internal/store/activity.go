package store

import (
	"context"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// ActivityFigures count what came and what ran in some time.
type ActivityFigures struct {
	Events     int64 // that were accepted
	Runs       int64 // that ended
	FailedRuns int64 // of these, those that were given up
}

// Add adds what happened in another time.
func (f *ActivityFigures) Add(o ActivityFigures) {
	f.Events += o.Events
	f.Runs += o.Runs
	f.FailedRuns += o.FailedRuns
}

// ActivityMinute is what happened in a minute.
type ActivityMinute struct {
	Start time.Time
	ActivityFigures
}

// Activity returns the minutes of the last time in which something came or ran, oldest first. What it costs does not depend
// on how much is stored.
func (s *Store) Activity(ctx context.Context, p synchook.ProjectID, window time.Duration) ([]ActivityMinute, error) {
	const doing = "reading what came and what ran"
	now, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return nil, failed(doing, err)
	}
	counts, err := readCounts(ctx, s.rdb.Pipeline(), now.UTC(), window, func(span string) string { return key(p, "work", span) })
	if err != nil {
		return nil, failed(doing, err)
	}
	minutes := make([]ActivityMinute, 0, len(counts))
	for _, start := range sortedTimes(counts) {
		what := counts[start]
		minutes = append(minutes, ActivityMinute{start, ActivityFigures{what["e"], what["r"], what["b"]}})
	}
	return minutes, nil
}
