package app

import (
	"context"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/embedredis"
	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/store"
)

// What an examination is told and answers; see the store's.
type (
	// Examined is the outcome of an examination.
	Examined = store.Examined
	// Finding is something in the store that is not as it should be.
	Finding = store.Finding
	// Progress is how far an examination has come.
	Progress = store.Progress
)

// Examine has the doctor look at the store that the options name, and mend it if that is wanted, without
// a server or a worker of its own. Others may work on it meanwhile: a data folder whose Redis runs is
// examined by its socket. It needs no key, as it reads no secret.
func Examine(ctx context.Context, o Options, repair bool, progress func(Progress)) (Examined, error) {
	o = o.withDefaults()
	dial, stop, err := examinedRedis(ctx, o)
	if err != nil {
		return Examined{}, err
	}
	defer stop()
	rdb := dial.universal()
	defer func() { _ = rdb.Close() }()
	return store.New(rdb, nil).Examine(ctx, store.Checkup{
		Queue: queue.New(rdb, o.ScriptTimeout), Repair: repair, Progress: progress,
	})
}

// examinedRedis returns how to reach the Redis that is to be examined. It makes no data folder.
func examinedRedis(ctx context.Context, o Options) (dialer, func(), error) {
	if o.RedisURL == "" {
		if _, err := os.Stat(o.DataDir); err != nil {
			return dialer{}, nil, fmt.Errorf("there is no data folder to examine: %w; name it with --data, or a Redis with --redis-url", err)
		}
		if path, ok := embedredis.Running(o.DataDir); ok {
			return dialSingle(&redis.Options{Network: "unix", Addr: path}, path), func() {}, nil
		}
	}
	return redisOf(ctx, o)
}
