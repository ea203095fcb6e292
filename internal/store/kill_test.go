package store_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// errKilled is what a killed process would not live to see.
var errKilled = errors.New("killed")

// killer is a hook for a Redis client that stands for the death of the process: after so many commands,
// the reply of the last is lost, and no other is sent. Zero: it lives.
type killer struct{ left atomic.Int64 }

// kill has the process die after n commands.
func kill(rdb redis.UniversalClient) *killer {
	k := new(killer)
	rdb.AddHook(k)
	return k
}

func (k *killer) after(n int) { k.left.Store(int64(n)) }

// dead reports whether the command is not sent, or its reply is lost.
func (k *killer) dead() (unsent, lost bool) {
	for {
		n := k.left.Load()
		if n == 0 {
			return false, false
		}
		if n < 0 {
			return true, true
		}
		next := n - 1
		if next == 0 {
			next = -1
		}
		if k.left.CompareAndSwap(n, next) {
			return false, next < 0
		}
	}
}

func (k *killer) do(send func() error) error {
	unsent, lost := k.dead()
	if unsent {
		return errKilled
	}
	if err := send(); !lost {
		return err
	}
	return errKilled
}

// DialHook leaves dialling as it is.
func (k *killer) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook counts commands.
func (k *killer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := k.do(func() error { return next(ctx, cmd) })
		if errors.Is(err, errKilled) {
			cmd.SetErr(err)
		}
		return err
	}
}

// ProcessPipelineHook counts a pipeline as one command.
func (k *killer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return k.do(func() error { return next(ctx, cmds) })
	}
}
