package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/synchook/synchook/internal/embedredis"
)

// Backup copies the data of the embedded Redis of the options' data folder into an empty folder, and
// returns how many bytes that were. A program may work on the data meanwhile.
func Backup(ctx context.Context, o Options, to string) (int64, error) {
	if o.RedisURL != "" {
		return 0, errors.New("the data is in a Redis of yours (--redis-url, SYNCHOOK_REDIS_URL), not in a data folder: take a snapshot of it by `redis-cli --rdb FILE`; docs/operating.md says how to go on from one")
	}
	if to == "" {
		return 0, errors.New("say with --to into which folder the data is to be copied")
	}
	o = o.withDefaults()
	n, err := embedredis.Backup(ctx, o.DataDir, to)
	if err != nil {
		return n, fmt.Errorf("copying the data of the embedded Redis: %w", err)
	}
	return n, nil
}
