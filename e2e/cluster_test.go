package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

func TestOnAClusterDeliveriesAreWatchedAndQueuesAreShown(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{Redis: rig.NewCluster(t)})
	p := h.NewProject("cluster", "user-1", "user-2")
	h.StartWorker()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watch, err := p.Client().Deliveries.WatchDeliveries(ctx, &synchookv1.WatchDeliveriesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	pushes := p.Push(3, rig.Now()).End()
	for delivered := 0; delivered < len(pushes); {
		if !watch.Receive() {
			t.Fatalf("the watch ended after %d of %d deliveries: %v", delivered, len(pushes), watch.Err())
		}
		if watch.Msg().GetDelivery().GetState() == synchookv1.DeliveryState_DELIVERY_STATE_DELIVERED {
			delivered++
		}
	}
	cancel()
	_ = watch.Close() // it was cancelled
	rig.Until(t, time.Minute, "/queues shows all queues", func() bool {
		var queues struct{ Queues []struct{ Queue string } }
		return h.GetJSON("/queues/api/queues", &queues) && len(queues.Queues) == 3
	})
	var info struct{ Cluster bool }
	if !h.GetJSON("/queues/api/redis_info", &info) || !info.Cluster {
		t.Error("/queues does not tell of the cluster")
	}
	p.WantAll(pushes)
}
