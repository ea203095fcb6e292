package server

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	// keepAlive is how often a stream that has nothing to say says so.
	keepAlive = 15 * time.Second
	// maxChanged is how many changed deliveries wait to be read at most. More wait in the channel.
	maxChanged = 1000
)

// WatchDeliveries implements the service. The first answer comes at once and holds nothing: from then on
// no change is missed.
func (s *deliveryService) WatchDeliveries(ctx context.Context, r *v1.WatchDeliveriesRequest, stream *connect.ServerStream[v1.WatchDeliveriesResponse]) error {
	changes, err := s.store.WatchDeliveries(ctx, projectOf(ctx))
	if err != nil {
		return err
	}
	shower := s.shower(ctx)
	if err := stream.Send(&v1.WatchDeliveriesResponse{}); err != nil {
		return err
	}
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			err = stream.Send(&v1.WatchDeliveriesResponse{})
		case ids, ok := <-changes:
			if !ok {
				return watchEnded()
			}
			err = s.sendChanged(ctx, coalesce(ids, changes), deliveryStates(r.GetState()), shower, stream)
		}
		if err != nil {
			return err
		}
	}
}

// coalesce adds what has changed meanwhile, each delivery once: only its latest state is shown anyway.
func coalesce(ids []synchook.DeliveryID, more <-chan []synchook.DeliveryID) []synchook.DeliveryID {
	for len(ids) < maxChanged {
		select {
		case next, ok := <-more:
			if !ok {
				return unique(ids) // the caller sees it the next time
			}
			ids = append(ids, next...)
		default:
			return unique(ids)
		}
	}
	return unique(ids)
}

func unique[ID ~string](ids []ID) []ID {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// sendChanged sends deliveries as they stand now, if they are in one of the states that are asked for; none: any.
func (s *deliveryService) sendChanged(ctx context.Context, ids []synchook.DeliveryID, states []synchook.DeliveryState, shower *deliveryShower, stream *connect.ServerStream[v1.WatchDeliveriesResponse]) error {
	for _, id := range ids {
		d, err := s.store.Delivery(ctx, projectOf(ctx), id)
		if synchook.IsKind(err, synchook.KindNotFound) {
			continue // pruned meanwhile
		}
		if err != nil {
			return err
		}
		if len(states) > 0 && !slices.Contains(states, d.State) {
			continue
		}
		shown, err := shower.one(ctx, d)
		if err != nil {
			return err
		}
		if err := stream.Send(&v1.WatchDeliveriesResponse{Delivery: shown}); err != nil {
			return err
		}
	}
	return nil
}

func watchEnded() *synchook.Fault {
	return &synchook.Fault{
		Kind: synchook.KindUnavailable, Reason: "watch_ended", Message: "the store no longer tells what changes",
		Help: "Watch again. What happened meanwhile is in the list, as it stands now.",
	}
}
