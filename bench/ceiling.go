package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

const (
	ceilingTasks       = "empty Asynq task"
	ceilingTasksAlways = "empty Asynq task, always"
	ceilingTaskPost    = "Asynq task with bare POST"
	ceilingEnqueue     = "Asynq enqueue"
	ceilingLua         = "six-command Lua script"
	ceilingLuaAlways   = "six-command Lua script, always"

	ceilingQueue = "ceiling"
)

// nothing is the handler of an empty task.
func nothing() error { return nil }

// tasks measures how fast one Asynq server works off tasks that were enqueued before.
func tasks(ctx context.Context, r *redisServer, n int, handle func() error) ([]sample, error) {
	if err := r.reset(ctx); err != nil {
		return nil, err
	}
	rdb := r.client()
	defer func() { _ = rdb.Close() }()
	if err := enqueue(ctx, rdb, n); err != nil {
		return nil, err
	}
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency: 64, Queues: map[string]int{ceilingQueue: 1}, TaskCheckInterval: 10 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	handled := newCountdown(n)
	m := startMeter(r)
	err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		defer handled.tick()
		return handle()
	}))
	if err != nil {
		return nil, err
	}
	defer server.Shutdown()
	if err := handled.wait(ctx); err != nil {
		return nil, err
	}
	return []sample{m.rate(n)}, nil
}

// enqueue enqueues n tasks.
func enqueue(ctx context.Context, rdb redis.UniversalClient, n int) error {
	client := asynq.NewClientFromRedisClient(rdb)
	return parallel(ctx, 8, n, func(int) error {
		_, err := client.EnqueueContext(ctx, asynq.NewTask("nothing", nil), asynq.Queue(ceilingQueue))
		return err
	})
}

func emptyTasks(of func(*bench) *redisServer) round {
	return func(ctx context.Context, b *bench) ([]sample, error) {
		return tasks(ctx, of(b), b.scale(30_000), nothing)
	}
}

// taskPosts measures a bare POST from a task's handler.
func taskPosts(ctx context.Context, b *bench) ([]sample, error) {
	r, err := newReceiver(func([]byte) {})
	if err != nil {
		return nil, err
	}
	defer r.stop()
	p := newPoster(r.url)
	defer p.stop()
	return tasks(ctx, b.everysec, b.scale(20_000), p.bare)
}

func enqueues(ctx context.Context, b *bench) ([]sample, error) {
	n := b.scale(30_000)
	if err := b.everysec.reset(ctx); err != nil {
		return nil, err
	}
	m := startMeter(b.everysec)
	if err := enqueue(ctx, b.everysec.rdb, n); err != nil {
		return nil, err
	}
	return []sample{m.rate(n)}, nil
}

// sixCommands does about what a small change of a row with two indexes does.
var sixCommands = redis.NewScript(`
local p = KEYS[1]
local n = redis.call('INCR', p .. ':seq')
redis.call('HGET', p .. ':row:' .. ARGV[1], 'state')
redis.call('HSET', p .. ':row:' .. ARGV[1], 'state', ARGV[2], 'n', n)
redis.call('ZADD', p .. ':rows', n, ARGV[1])
redis.call('ZADD', p .. ':due', n, ARGV[1])
return redis.call('ZCARD', p .. ':due')`)

func luaScripts(of func(*bench) *redisServer) round {
	return func(ctx context.Context, b *bench) ([]sample, error) {
		r, n := of(b), b.scale(60_000)
		if err := r.reset(ctx); err != nil {
			return nil, err
		}
		m := startMeter(r)
		err := parallel(ctx, 50, n, func(i int) error {
			return sixCommands.Run(ctx, r.rdb, []string{"{bench}"}, fmt.Sprint(i), "state").Err()
		})
		if err != nil {
			return nil, err
		}
		return []sample{m.rate(n)}, nil
	}
}
