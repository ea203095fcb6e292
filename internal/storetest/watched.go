package storetest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"
)

// WatchedName is the name by which Sentinels know a Watched's primary.
const WatchedName = "main"

// Watched is a primary and a replica of a test's own, which three Sentinels watch.
type Watched struct {
	Nodes     [2]*Node // the primary first, to begin with
	Sentinels []*Node

	t testing.TB
}

// NewWatched starts them, and waits until the Sentinels know all of them.
func NewWatched(t testing.TB, args ...string) *Watched {
	t.Helper()
	primary := StartNode(t, args...)
	w := &Watched{t: t, Nodes: [2]*Node{primary, primary.StartReplica(args...)}}
	for range 3 {
		w.Sentinels = append(w.Sentinels, startSentinel(t, primary.Addr))
	}
	w.WaitUntilWhole()
	return w
}

func startSentinel(t testing.TB, primary string) *Node {
	t.Helper()
	host, port, _ := net.SplitHostPort(primary)
	config := filepath.Join(t.TempDir(), "sentinel.conf") // which the Sentinel writes to
	text := fmt.Sprintf("sentinel monitor %[1]s %s %s 2\nsentinel down-after-milliseconds %[1]s 2000\nsentinel failover-timeout %[1]s 5000\n",
		WatchedName, host, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return startNode(t, func(port, _ string) []string { return []string{config, "--sentinel", "--port", port} })
}

// WaitUntilWhole waits until the primary has its replica, and all Sentinels know of each other and of both.
func (w *Watched) WaitUntilWhole() {
	w.t.Helper()
	for _, s := range w.Sentinels {
		s.Until("know all that it watches with", func(ctx context.Context, rdb *redis.Client) bool {
			facts := rdb.Do(ctx, "SENTINEL", "MASTER", WatchedName).Val()
			return fact(facts, "num-slaves") == "1" && fact(facts, "num-other-sentinels") == "2" && fact(facts, "flags") == "master"
		})
	}
	w.Primary().Until("have its replica", func(ctx context.Context, rdb *redis.Client) bool {
		return rdb.InfoMap(ctx, "replication").Item("Replication", "connected_slaves") == "1"
	})
	w.Replica().untilFollowing()
}

// fact reads a field of a Sentinel's answer.
func fact(facts any, name string) string {
	switch f := facts.(type) {
	case map[any]any:
		return fmt.Sprint(f[name])
	case []any:
		for i := 0; i+1 < len(f); i += 2 {
			if f[i] == name {
				return fmt.Sprint(f[i+1])
			}
		}
	}
	return ""
}

// Addrs returns the addresses of the Sentinels.
func (w *Watched) Addrs() []string {
	var addrs []string
	for _, s := range w.Sentinels {
		addrs = append(addrs, s.Addr)
	}
	return addrs
}

// Primary returns the node that the Sentinels call the primary.
func (w *Watched) Primary() *Node {
	w.t.Helper()
	addr, err := w.Sentinels[0].rdb.Do(context.Background(), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", WatchedName).StringSlice()
	if err == nil && len(addr) == 2 {
		for _, n := range w.Nodes {
			if n.Addr == net.JoinHostPort(addr[0], addr[1]) {
				return n
			}
		}
	}
	w.t.Fatalf("the Sentinels know no primary: %v, %v", addr, err)
	return nil
}

// UntilAgreed waits until all Sentinels call the node the primary.
func (w *Watched) UntilAgreed(primary *Node) {
	w.t.Helper()
	host, port, _ := net.SplitHostPort(primary.Addr)
	for _, s := range w.Sentinels {
		s.Until("call "+primary.Addr+" the primary", func(ctx context.Context, rdb *redis.Client) bool {
			addr, err := rdb.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", WatchedName).StringSlice()
			return err == nil && slices.Equal(addr, []string{host, port})
		})
	}
}

// Replica returns the node that is not the primary.
func (w *Watched) Replica() *Node {
	w.t.Helper()
	if w.Primary() == w.Nodes[0] {
		return w.Nodes[1]
	}
	return w.Nodes[0]
}

// FailOver has the Sentinels make the replica the primary.
func (w *Watched) FailOver() {
	w.t.Helper()
	w.Sentinels[0].must("failing over", w.Sentinels[0].rdb.Do(context.Background(), "SENTINEL", "FAILOVER", WatchedName).Err())
}
