package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// WatchDeliveries sends the IDs of deliveries that are made or change from now on, until the context
// ends. It returns when it is listening; the channel closes when it no longer does, which includes a lost
// connection: what changed meanwhile would be missed.
func (s *Store) WatchDeliveries(ctx context.Context, p synchook.ProjectID) (<-chan []synchook.DeliveryID, error) {
	return watch[synchook.DeliveryID](ctx, s, "watching the deliveries", key(p, "watch"))
}

// WatchRecoveries sends the IDs of recoveries that change from now on, as WatchDeliveries does.
func (s *Store) WatchRecoveries(ctx context.Context, p synchook.ProjectID) (<-chan []synchook.RecoveryID, error) {
	return watch[synchook.RecoveryID](ctx, s, "watching the recoveries", key(p, "watch", "recoveries"))
}

func watch[ID ~string](ctx context.Context, s *Store, doing, channel string) (<-chan []ID, error) {
	sub := s.rdb.Subscribe(ctx, channel)
	if _, err := sub.Receive(ctx); err != nil {
		_ = sub.Close()
		return nil, failed(doing, err)
	}
	out := make(chan []ID)
	go func() {
		defer close(out)
		defer func() { _ = sub.Close() }()
		in := sub.ChannelWithSubscriptions(redis.WithChannelSize(1000))
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case m := <-in:
				message, ok := m.(*redis.Message)
				if !ok {
					return // closed, or subscribed anew after the connection was lost
				}
				select {
				case out <- typed[ID](splitList(message.Payload)):
				case <-ctx.Done():
				}
			}
		}
	}()
	return out, nil
}
