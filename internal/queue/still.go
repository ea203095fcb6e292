package queue

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// StillSlot is a hook for clients of a Redis Cluster. Asynq's scripts touch keys that they do not declare,
// the tasks; while a cluster moves a slot, key by key, such a script would run where a part of them is. With
// one more key, that never exists, it is told TRYAGAIN until the slot has moved. Elsewhere it does nothing.
type StillSlot struct{}

// DialHook leaves dialling as it is.
func (StillSlot) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are: there are no scripts in Asynq's.
func (StillSlot) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook adds a key to scripts.
func (StillSlot) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		script, ok := cmd.(*redis.Cmd)
		if !ok {
			return next(ctx, cmd)
		}
		args, ok := withStillKey(script.Args())
		if !ok {
			return next(ctx, cmd)
		}
		still := redis.NewCmd(ctx, args...)
		err := next(ctx, still)
		script.SetVal(still.Val())
		script.SetErr(err)
		return err
	}
}

// withStillKey returns a script's arguments with one more key in the slot of its first.
func withStillKey(args []any) ([]any, bool) {
	const firstKey = 3 // after the command, the script and how many keys there are
	if len(args) <= firstKey || (args[0] != "evalsha" && args[0] != "eval") {
		return nil, false
	}
	n, isNumber := args[2].(int)
	first, isText := args[firstKey].(string)
	_, tag, tagged := strings.Cut(first, "{")
	tag, _, closed := strings.Cut(tag, "}")
	if !isNumber || !isText || !tagged || !closed || n < 1 {
		return nil, false
	}
	out := append([]any{args[0], args[1], n + 1}, args[firstKey:firstKey+n]...)
	return append(append(out, "asynq:{"+tag+"}:still"), args[firstKey+n:]...), true
}
