package server

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// statsWindow is how far statistics go back unless the request says otherwise.
const statsWindow = time.Hour

// statsStore counts what happens to deliveries.
type statsStore interface {
	DeliveryStats(ctx context.Context, p synchook.ProjectID, end synchook.EndpointID, window time.Duration) (store.DeliveryStats, error)
}

// GetDeliveryStats implements the service.
func (s *deliveryService) GetDeliveryStats(ctx context.Context, r *v1.GetDeliveryStatsRequest) (*v1.GetDeliveryStatsResponse, error) {
	stats, err := s.store.DeliveryStats(ctx, projectOf(ctx), synchook.EndpointID(r.GetEndpointId()), windowOf(r))
	if err != nil {
		return nil, err
	}
	var total store.DeliveryFigures
	for _, m := range stats.Minutes {
		total.Add(m.DeliveryFigures)
	}
	return &v1.GetDeliveryStatsResponse{
		Total: fromFigures(total), Minutes: convertAll(stats.Minutes, fromMinute),
		Pending: stats.Pending, Exhausted: stats.Exhausted, Backlogs: convertAll(stats.Backlogs, fromBacklog),
	}, nil
}

// windowOf is how far back a request wants to count.
func windowOf(r interface{ GetWindow() *durationpb.Duration }) time.Duration {
	if r.GetWindow() == nil {
		return statsWindow
	}
	return r.GetWindow().AsDuration()
}

func fromMinute(m store.DeliveryMinute) *v1.DeliveryMinute {
	return &v1.DeliveryMinute{StartTime: timestamp(m.Start), Counts: fromFigures(m.DeliveryFigures)}
}

func fromFigures(f store.DeliveryFigures) *v1.DeliveryCounts {
	counts := &v1.DeliveryCounts{
		Created: f.Created, Delivered: f.Delivered(), Exhausted: f.Exhausted, Superseded: f.Superseded,
		Attempts: f.Attempts(), FailedAttempts: f.FailedAttempts, ThrottledAttempts: f.ThrottledAttempts,
		LatencyP50: span(f.Latencies.Within(0.5)), LatencyP95: span(f.Latencies.Within(0.95)),
	}
	if n := f.Attempts(); n > 0 {
		rate := float64(f.Delivered()) / float64(n)
		counts.SuccessRate = &rate
	}
	return counts
}

func fromBacklog(b store.Backlog) *v1.EndpointBacklog {
	return &v1.EndpointBacklog{
		EndpointId: string(b.Endpoint), Pending: b.Pending, OldestCreateTime: timestamp(b.Since), OldestDeliveryId: string(b.Oldest),
	}
}
