package storetest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Shards is a Redis Cluster of a test's own: primaries that share the slots, each with as many replicas.
type Shards struct {
	Primaries []*Node
	Replicas  []*Node // those of the first primary first

	t testing.TB
}

const slots = 16384

// NewShards starts a cluster, and waits until all its nodes know it and all replicas follow.
func NewShards(t testing.TB, primaries, replicas int, args ...string) *Shards {
	t.Helper()
	s := &Shards{t: t}
	for range primaries {
		s.Primaries = append(s.Primaries, startMember(t, args))
	}
	for range primaries * replicas {
		s.Replicas = append(s.Replicas, startMember(t, args))
	}
	// Each has an epoch of its own, as in a cluster that redis-cli makes: primaries that agree on one first find out, and
	// who missed that refuses to vote for the replica of one that dies meanwhile.
	for i, n := range s.all() {
		n.must("taking an epoch", n.rdb.Do(context.Background(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
	}
	for i, n := range s.Primaries {
		n.must("taking slots", n.rdb.ClusterAddSlotsRange(context.Background(), i*slots/primaries, (i+1)*slots/primaries-1).Err())
	}
	for _, n := range s.all()[1:] {
		s.Primaries[0].meet(n)
	}
	for i, n := range s.Replicas {
		primary := s.Primaries[i/replicas]
		n.Until("know its primary", func(ctx context.Context, rdb *redis.Client) bool {
			return rdb.ClusterReplicate(ctx, primary.ID()).Err() == nil
		})
	}
	s.WaitUntilWhole()
	return s
}

func startMember(t testing.TB, args []string) *Node {
	t.Helper()
	return startNode(t, func(port, bus string) []string {
		return append([]string{
			"--port", port, "--save", "", "--repl-diskless-sync-delay", "0",
			"--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000",
		}, args...)
	})
}

func (s *Shards) all() []*Node { return append(append([]*Node{}, s.Primaries...), s.Replicas...) }

// WaitUntilWhole waits until all nodes say that all slots are served, and each replica follows its primary.
func (s *Shards) WaitUntilWhole() {
	s.t.Helper()
	for _, n := range s.all() {
		n.Until("see the whole cluster", func(ctx context.Context, rdb *redis.Client) bool {
			info := rdb.ClusterInfo(ctx).Val()
			known := "cluster_known_nodes:" + strconv.Itoa(len(s.all())) + "\r\n"
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, known)
		})
	}
	followers := 0
	for _, n := range s.all() {
		if n.rdb.InfoMap(context.Background(), "replication").Item("Replication", "role") == "slave" {
			n.untilFollowing()
			followers++
		}
	}
	if followers != len(s.Replicas) {
		s.t.Fatalf("the cluster has %d replicas, want %d", followers, len(s.Replicas))
	}
}

// Addrs returns the addresses of all nodes.
func (s *Shards) Addrs() []string {
	var addrs []string
	for _, n := range s.all() {
		addrs = append(addrs, n.Addr)
	}
	return addrs
}

// Client returns a client of the cluster, which ends with the test.
func (s *Shards) Client() *redis.ClusterClient {
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: s.Addrs(), MaxRedirects: 16})
	s.t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// Primary returns the node that takes the writes to the slot of a key, which must not be on the move.
func (s *Shards) Primary(key string) *Node {
	s.t.Helper()
	for _, n := range s.all() {
		if n.rdb.Exists(context.Background(), key).Err() == nil { // all others answer MOVED, if at all
			return n
		}
	}
	s.t.Fatalf("no node owns the slot of %s", key)
	return nil
}

// ReplicaOf returns the replica that a primary was started with.
func (s *Shards) ReplicaOf(primary *Node) *Node {
	return s.Replicas[slices.Index(s.Primaries, primary)*len(s.Replicas)/len(s.Primaries)]
}

// FailOver makes a replica the primary, in order: the old one hands over all that it has.
func (s *Shards) FailOver(replica *Node) {
	s.t.Helper()
	replica.must("failing over", replica.rdb.ClusterFailover(context.Background()).Err())
	replica.UntilPrimary()
}

// Other returns a primary that is not this one.
func (s *Shards) Other(n *Node) *Node {
	for _, other := range s.Primaries {
		if other != n {
			return other
		}
	}
	return nil
}

// Keys returns the keys of a slot that a node has.
func (s *Shards) Keys(slot int, n *Node) []string {
	return n.rdb.ClusterGetKeysInSlot(context.Background(), slot, 1_000_000).Val()
}

// Slot returns the slot of a key.
func (s *Shards) Slot(key string) int {
	s.t.Helper()
	for _, n := range s.all() {
		if slot, err := n.rdb.ClusterKeySlot(context.Background(), key).Result(); err == nil {
			return int(slot)
		}
	}
	s.t.Fatalf("no node tells the slot of %s", key)
	return 0
}

// BeginMove makes a slot one that is on its way from one node to another. Its keys stay where they are.
func (s *Shards) BeginMove(slot int, from, to *Node) {
	s.t.Helper()
	to.must("importing a slot", to.rdb.Do(context.Background(), "CLUSTER", "SETSLOT", slot, "IMPORTING", from.ID()).Err())
	from.must("giving a slot away", from.rdb.Do(context.Background(), "CLUSTER", "SETSLOT", slot, "MIGRATING", to.ID()).Err())
}

// MoveKeys moves keys of a slot that is on its way, one by one.
func (s *Shards) MoveKeys(from, to *Node, keys ...string) {
	s.t.Helper()
	host, port, _ := net.SplitHostPort(to.Addr)
	for _, k := range keys {
		if err := from.rdb.Migrate(context.Background(), host, port, k, 0, 10*time.Second).Err(); err != nil {
			s.t.Errorf("moving %s: %v", k, err)
		}
	}
}

// MoveAllKeys moves what a slot that is on its way has.
func (s *Shards) MoveAllKeys(slot int, from, to *Node) {
	s.t.Helper()
	for keys := s.Keys(slot, from); len(keys) > 0 && !s.t.Failed(); keys = s.Keys(slot, from) {
		s.MoveKeys(from, to, keys...)
	}
}

// EndMove makes a slot the new node's.
func (s *Shards) EndMove(slot int, to *Node) {
	s.t.Helper()
	id := to.ID()
	to.must("owning a slot", to.rdb.Do(context.Background(), "CLUSTER", "SETSLOT", slot, "NODE", id).Err())
	for _, n := range s.all() {
		_ = n.rdb.Do(context.Background(), "CLUSTER", "SETSLOT", slot, "NODE", id).Err() // the others hear of it anyway
	}
}

// meet makes two nodes of one cluster.
func (n *Node) meet(other *Node) {
	n.t.Helper()
	host, port, _ := net.SplitHostPort(other.Addr)
	n.must("meeting", n.rdb.Do(context.Background(), "CLUSTER", "MEET", host, port, other.Bus).Err())
}

// ID returns the name of the node in its cluster.
func (n *Node) ID() string {
	n.t.Helper()
	id, err := n.rdb.Do(context.Background(), "CLUSTER", "MYID").Text()
	n.must("naming itself", err)
	return id
}

func (n *Node) must(doing string, err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(fmt.Errorf("%s: %s: %w", n.Addr, doing, err))
	}
}
