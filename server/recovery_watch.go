package server

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

// watchPause is the least time between two looks at a recovery that goes on: each shows all that has happened since.
const watchPause = 250 * time.Millisecond

// WatchRecovery implements the service. The first answer comes at once, and the last when the recovery has ended.
func (s *recoveryService) WatchRecovery(ctx context.Context, r *v1.WatchRecoveryRequest, stream *connect.ServerStream[v1.WatchRecoveryResponse]) error {
	id := synchook.RecoveryID(r.GetId())
	changes, err := s.store.WatchRecoveries(ctx, projectOf(ctx))
	if err != nil {
		return err
	}
	for {
		recovery, err := s.store.Recovery(ctx, projectOf(ctx), id)
		if err != nil {
			return err
		}
		shown, err := s.show(ctx, recovery)
		if err != nil {
			return err
		}
		if err := stream.Send(&v1.WatchRecoveryResponse{Recovery: shown}); err != nil || recovery.State.Ended() {
			return err
		}
		if err := awaitChange(ctx, id, changes); err != nil {
			return err
		}
	}
}

// awaitChange returns when the recovery has changed, but not at once: what changes within the pause is seen together. A
// stream that has nothing to say for long says that.
func awaitChange(ctx context.Context, id synchook.RecoveryID, changes <-chan []synchook.RecoveryID) error {
	idle := time.NewTimer(keepAlive)
	defer idle.Stop()
	var pause <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-idle.C:
			return nil
		case <-pause:
			return nil
		case ids, ok := <-changes:
			if !ok {
				return watchEnded()
			}
			if pause == nil && slices.Contains(ids, id) {
				pause = time.After(watchPause)
			}
		}
	}
}
