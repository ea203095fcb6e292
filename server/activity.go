package server

import (
	"context"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// activityStore counts what came and what ran.
type activityStore interface {
	Activity(ctx context.Context, p synchook.ProjectID, window time.Duration) ([]store.ActivityMinute, error)
}

// GetActivity implements the service.
func (s *projectService) GetActivity(ctx context.Context, r *v1.GetActivityRequest) (*v1.GetActivityResponse, error) {
	minutes, err := s.store.Activity(ctx, projectOf(ctx), windowOf(r))
	if err != nil {
		return nil, err
	}
	var total store.ActivityFigures
	for _, m := range minutes {
		total.Add(m.ActivityFigures)
	}
	return &v1.GetActivityResponse{Total: fromActivity(total), Minutes: convertAll(minutes, func(m store.ActivityMinute) *v1.ActivityMinute {
		return &v1.ActivityMinute{StartTime: timestamp(m.Start), Counts: fromActivity(m.ActivityFigures)}
	})}, nil
}

func fromActivity(f store.ActivityFigures) *v1.ActivityCounts {
	return &v1.ActivityCounts{Events: f.Events, Runs: f.Runs, FailedRuns: f.FailedRuns}
}
