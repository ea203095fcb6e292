package store

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// Memory is how much memory a Redis uses, and how much it may.
type Memory struct {
	Used int64 // bytes that count towards Max
	Max  int64 // 0: there is no limit
}

// Left returns the memory that is left before the reserve begins, which is that part in a hundred of the
// limit. It is negative inside the reserve. Without a limit ok is false.
func (m Memory) Left(reserve int) (left int64, ok bool) {
	return m.Max - m.Max/100*int64(reserve) - m.Used, m.Max > 0
}

// scarcer returns the one of the two that has less left; of two without a limit, the one that uses more.
func (m Memory) scarcer(other Memory) Memory {
	left, limited := m.Left(0)
	otherLeft, otherLimited := other.Left(0)
	less := float64(otherLeft)*float64(m.Max) < float64(left)*float64(other.Max) // no integer holds bytes times bytes
	switch {
	case limited != otherLimited:
		less = otherLimited
	case !limited:
		less = other.Used > m.Used
	}
	if less {
		return other
	}
	return m
}

// Memory asks Redis for its memory; of a cluster, the primary that has the least left. A Redis that does
// not tell has no limit.
func (s *Store) Memory(ctx context.Context) (Memory, error) {
	var mu sync.Mutex
	var scarcest Memory
	err := s.eachPrimary(ctx, func(ctx context.Context, c redis.Cmdable) error {
		text, err := c.Info(ctx, "memory").Result()
		if err != nil && !synchook.IsKind(failed("", err), synchook.KindUnavailable) || redis.HasErrorPrefix(err, "NOPERM") {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		scarcest = scarcest.scarcer(readMemory(text))
		return err
	})
	return scarcest, failed("asking for the memory of Redis", err)
}

// eachPrimary calls do for every node that takes writes, of a cluster for several at once.
func (s *Store) eachPrimary(ctx context.Context, do func(context.Context, redis.Cmdable) error) error {
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return do(ctx, c) })
	}
	return do(ctx, s.rdb)
}

// readMemory reads the section "memory" of INFO. What Redis needs for its replicas and for the
// append-only file does not count towards the limit.
func readMemory(info string) Memory {
	return Memory{
		Used: infoNumber(info, "used_memory") - infoNumber(info, "mem_not_counted_for_evict"),
		Max:  infoNumber(info, "maxmemory"),
	}
}

func infoNumber(info, name string) int64 {
	for line := range strings.Lines(info) {
		if text, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64) // what is no number counts as nothing
			return n
		}
	}
	return 0
}
