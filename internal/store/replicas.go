package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// Replicas says how many replicas must have what was written before it counts.
type Replicas struct {
	Number  int           // 0: none; Redis replicates after it has answered
	Timeout time.Duration // that they may take; 0: DefaultReplicaTimeout
}

// DefaultReplicaTimeout is how long replicas may take to confirm a write.
const DefaultReplicaTimeout = time.Second

// AwaitReplicas makes the store wait for replicas where what somebody outside sees depends on what was
// written: when an event is accepted, when runs are taken, and when a run's counts are sealed. It must be
// called before the store is used.
func (s *Store) AwaitReplicas(r Replicas) {
	if r.Timeout <= 0 {
		r.Timeout = DefaultReplicaTimeout
	}
	s.replicas = replicas{Replicas: r, places: make(chan struct{}, waitersAtMost)}
}

const (
	// waitersAtMost is how many connections of a client may wait for replicas. Without replicas all others
	// would wait for a connection, too.
	waitersAtMost = 32
	// confirmTries is how often a write is sent to the node that seems to own its slot.
	confirmTries = 3
	relearnTime  = 100 * time.Millisecond
)

// TooFewReplicas is the reason of the fault that what was written is not on as many replicas as it must be.
// It is written all the same: the caller has what it asked for, and does not know it.
const TooFewReplicas = "too_few_replicas"

// replicas confirms writes.
type replicas struct {
	Replicas
	places chan struct{}
	onDisk sync.Map // of whether the node at an address can say what its replicas have on disk
}

// confirmed runs a script in the slot of the tag, and returns its answer when enough replicas have what it
// wrote; when they do not have it in time, with the fault that says so. The script must write whenever it
// is run: WAIT counts what its own connection wrote.
func (s *Store) confirmed(ctx context.Context, doing, tag string, script *redis.Script, args ...any) ([]any, error) {
	if s.replicas.Number == 0 {
		answer, err := script.Run(ctx, s.rdb, slotKeys(tag), args...).Slice()
		return answer, failed(doing, err)
	}
	leave, err := s.replicas.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var answer []any
	for range confirmTries {
		var have int64
		if answer, have, err = s.runAndWait(ctx, tag, script, args); err == nil {
			return answer, s.replicas.judge(have)
		}
		// The slot has moved, or its primary has died. The ordinary way waits for that, and finds the new
		// one; but it cannot wait for replicas, so the script is run there once more.
		if answer, err = script.Run(ctx, s.rdb, slotKeys(tag), args...).Slice(); err != nil {
			return nil, failed(doing, err)
		}
		if err := s.relearn(ctx); err != nil {
			return answer, err
		}
	}
	return answer, s.replicas.judge(0)
}

// relearn has a cluster's client ask who owns what, and gives it the time to.
func (s *Store) relearn(ctx context.Context) error {
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		cluster.ReloadState(ctx)
	}
	select {
	case <-time.After(relearnTime):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runAndWait sends a script and the wait for what it writes in one pipeline to the primary of its slot.
func (s *Store) runAndWait(ctx context.Context, tag string, script *redis.Script, args []any) (answer []any, have int64, err error) {
	node, err := s.primary(ctx, tag)
	if err != nil {
		return nil, 0, err
	}
	wait := s.replicas.command(ctx, node)
	for _, send := range []func(context.Context, redis.Scripter, []string, ...any) *redis.Cmd{script.EvalSha, script.Eval} {
		pipe := node.Pipeline()
		ran, waited := send(ctx, pipe, slotKeys(tag), args...), pipe.Do(ctx, wait...)
		if _, err = pipe.Exec(ctx); !redis.HasErrorPrefix(err, "NOSCRIPT") {
			return s.replicas.read(node, ran, waited)
		}
	}
	return nil, 0, err
}

// primary returns the node that takes the writes to the slot of the tag.
func (s *Store) primary(ctx context.Context, tag string) (*redis.Client, error) {
	switch rdb := s.rdb.(type) {
	case *redis.ClusterClient:
		return rdb.MasterForKey(ctx, tag)
	case *redis.Client:
		return rdb, nil
	}
	return nil, fmt.Errorf("a %T has no primary", s.rdb)
}

// enter waits for a place among those that wait.
func (r *replicas) enter(ctx context.Context) (leave func(), err error) {
	full := time.NewTimer(r.Timeout)
	defer full.Stop()
	select {
	case r.places <- struct{}{}:
		return func() { <-r.places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-full.C:
		return nil, r.judge(0)
	}
}

// command returns what waits for replicas. Where they are as durable as their primary, it is their disks
// that count.
func (r *replicas) command(ctx context.Context, node *redis.Client) []any {
	ms := r.Timeout.Milliseconds()
	if r.countsDisks(ctx, node) {
		return []any{"WAITAOF", 1, r.Number, ms}
	}
	return []any{"WAIT", r.Number, ms}
}

// countsDisks reports whether a node knows WAITAOF (Redis 7.2, Valkey), and syncs always: one that syncs
// every second would make everybody wait for a second. It is tried once for each node.
func (r *replicas) countsDisks(ctx context.Context, node *redis.Client) bool {
	addr := node.Options().Addr
	if known, ok := r.onDisk.Load(addr); ok {
		return known == true
	}
	config := configOf(ctx, node)
	counts := config["appendonly"] == "yes" && config["appendfsync"] == "always" && node.Do(ctx, "WAITAOF", 0, 0, 1).Err() == nil
	if ctx.Err() == nil {
		r.onDisk.Store(addr, counts)
	}
	return counts
}

// read reads the answers of a script and of the wait for it.
func (r *replicas) read(node *redis.Client, ran, waited *redis.Cmd) (answer []any, have int64, err error) {
	if answer, err = ran.Slice(); err != nil {
		return nil, 0, err
	}
	switch v := waited.Val().(type) {
	case int64:
		have = v
	case []any: // WAITAOF: this node, replicas
		have, _ = v[len(v)-1].(int64)
	}
	if err = waited.Err(); err != nil {
		r.onDisk.Delete(node.Options().Addr) // another server may be there now, which must be asked anew
	}
	return answer, have, err
}

// judge says whether so many replicas are enough.
func (r *replicas) judge(have int64) error {
	if have >= int64(r.Number) {
		return nil
	}
	return &synchook.Fault{
		Kind: synchook.KindUnavailable, Reason: TooFewReplicas,
		Message: fmt.Sprintf("%d of %d replicas confirmed the write within %s", have, r.Number, r.Timeout),
		Help:    "Send it again. If it lasts, look at the replicas of Redis (INFO replication), or start synchook with a lower --wait-replicas.",
	}
}
