package queue_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// Asynq forwards tasks that are due from one key to another and writes to each task, whose key it does not
// declare. On a node that has these two keys already, and the tasks not yet, it would make tasks without
// content, and no key of theirs could be moved there any more.
func TestHintsComeThatAreDueWhileTheSlotOfTheirQueueMoves(t *testing.T) {
	t.Parallel()
	shards := storetest.NewShards(t, 2, 0)
	servers := shards.Client()
	servers.AddHook(queue.StillSlot{})
	servers.AddHook(queue.Backoff{})
	q := queue.New(shards.Client(), time.Hour)
	const key, hints = "asynq:{runs}:pending", 20
	due := time.Now().Add(time.Second).Truncate(time.Second)
	for i := range hints {
		h := synchook.Hint{Project: "prj_1", Lane: synchook.LaneID(fmt.Sprintf("con_%d.syn_1.e", i)), Generation: 1}
		if i%2 == 0 {
			h.At = due.UnixMilli()
		}
		if err := q.Send(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	slot, from := shards.Slot(key), shards.Primary(key)
	to := shards.Other(from)
	shards.BeginMove(slot, from, to)
	var tasks, others []string
	for _, k := range shards.Keys(slot, from) {
		if strings.Contains(k, ":t:") {
			tasks = append(tasks, k)
		} else {
			others = append(others, k)
		}
	}
	shards.MoveKeys(from, to, others...)
	<-time.After(time.Until(due.Add(time.Second)))
	came := work(t, servers)
	<-time.After(300 * time.Millisecond) // for the server to try what it must not
	shards.MoveKeys(from, to, tasks...)
	shards.MoveAllKeys(slot, from, to)
	shards.EndMove(slot, to)
	lanes, late := map[synchook.LaneID]bool{}, time.After(20*time.Second)
	for len(lanes) < hints {
		select {
		case lane := <-came:
			lanes[lane] = true
		case <-late:
			t.Fatalf("%d of %d hints came", len(lanes), hints)
		}
	}
}

// work runs a server of the queue of runs until the test ends, and gives the lanes whose hints came.
func work(t *testing.T, rdb redis.UniversalClient) <-chan synchook.LaneID {
	t.Helper()
	came := make(chan synchook.LaneID, 1000)
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Queues: map[string]int{queue.Runs: 1}, TaskCheckInterval: time.Millisecond,
		DelayedTaskCheckInterval: 50 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	err := server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		p, err := queue.Read(task)
		came <- p.Lane
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return came
}
