package storetest

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	sharedCluster sync.Once
	clusterAddr   string
	clusterErr    error
)

// Cluster returns a client of a Redis in cluster mode: one node that owns all slots, and refuses a
// script that touches two of them. All tests of a package share it and its one database, so each must
// make a project of its own.
func Cluster(t testing.TB) redis.UniversalClient {
	t.Helper()
	sharedCluster.Do(func() { clusterAddr, clusterErr = startCluster() })
	if clusterErr != nil {
		t.Fatalf("starting redis-server in cluster mode for the tests (apt-get install redis-server): %v", clusterErr)
	}
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{clusterAddr}})
	rdb.AddHook(oneSlot{})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// oneSlot makes every script one that may touch a single slot. Redis lets a script without a shebang
// touch all slots of its node, which here are all that there are.
type oneSlot struct{}

// DialHook leaves dialling as it is.
func (oneSlot) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines, which hold no scripts, as they are.
func (oneSlot) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook has every script sent as a whole, with a shebang before it.
func (oneSlot) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch cmd.Name() {
		case "evalsha":
			cmd.SetErr(redis.ErrNoScript)
			return redis.ErrNoScript
		case "eval":
			if text, ok := cmd.Args()[1].(string); ok {
				cmd.Args()[1] = "#!lua\n" + text
			}
		}
		return next(ctx, cmd)
	}
}

// startCluster runs a redis-server in cluster mode on loopback ports. It dies with this process.
func startCluster() (string, error) {
	ports, err := freePorts(2)
	if err != nil {
		return "", err
	}
	port, bus := strconv.Itoa(ports[0]), strconv.Itoa(ports[1])
	if err := run("--bind", "127.0.0.1", "--port", port, "--cluster-port", bus, "--cluster-enabled", "yes"); err != nil {
		return "", err
	}
	addr := net.JoinHostPort("127.0.0.1", port)
	rdb := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer func() { _ = rdb.Close() }()
	if err := until("answer", func(ctx context.Context) bool { return rdb.Ping(ctx).Err() == nil }); err != nil {
		return "", err
	}
	if err := rdb.ClusterAddSlotsRange(context.Background(), 0, 16383).Err(); err != nil {
		return "", fmt.Errorf("giving the node all slots: %w", err)
	}
	return addr, until("take writes", func(ctx context.Context) bool {
		return rdb.Set(ctx, "synchook:ready", "1", time.Second).Err() == nil
	})
}
