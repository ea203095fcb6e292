package storetest

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// CutOff keeps a replica from its primary, as a network that fails between them would: it knows no password
// that the primary wants. What the primary acknowledges from now on, the replica does not have.
func (n *Node) CutOff(primary *Node) {
	n.t.Helper()
	ctx := context.Background()
	n.must("forgetting how to follow", n.rdb.ConfigSet(ctx, "masterauth", "wrong").Err())
	primary.must("cutting a replica off", primary.rdb.Do(ctx, "CLIENT", "KILL", "TYPE", "replica").Err())
	n.Until("be cut off", func(ctx context.Context, rdb *redis.Client) bool {
		return rdb.InfoMap(ctx, "replication").Item("Replication", "master_link_status") == "down"
	})
}

// Rejoin lets a replica that was cut off follow again.
func (n *Node) Rejoin() {
	n.t.Helper()
	n.must("following again", n.rdb.ConfigSet(context.Background(), "masterauth", "").Err())
}

// UntilPrimary waits until the node takes writes.
func (n *Node) UntilPrimary() {
	n.t.Helper()
	n.Until("take over", func(ctx context.Context, rdb *redis.Client) bool {
		return rdb.InfoMap(ctx, "replication").Item("Replication", "role") == "master"
	})
}
