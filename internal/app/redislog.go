package app

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// redisLog gives the Redis client's own messages to our log.
type redisLog struct{ log *slog.Logger }

// Printf is what the client calls.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.WarnContext(ctx, "redis client", libraryText, fmt.Sprintf(format, v...))
}

// tellOf makes the client write to that log. It has one for the whole process: the last program that
// starts gives it.
func tellOf(log *slog.Logger) { redis.SetLogger(redisLog{log}) }
