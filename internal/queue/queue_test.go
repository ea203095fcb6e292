package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	runLane      = synchook.LaneID("con_1.syn_1.e")
	fullLane     = synchook.LaneID("con_1.syn_1.f")
	deliveryLane = synchook.LaneID("end_1.d")
	fanoutLane   = synchook.LaneID("prj_1.o")
	recoveryLane = synchook.LaneID("prj_1.r")
)

// newQueue returns a queue with an inspector of what is in it.
func newQueue(t *testing.T) (*queue.Queue, *asynq.Inspector, *redis.Client) {
	t.Helper()
	rdb := storetest.Redis(t)
	return queue.New(rdb, time.Hour), asynq.NewInspectorFromRedisClient(rdb), rdb
}

func send(t *testing.T, q *queue.Queue, hints ...synchook.Hint) {
	t.Helper()
	if err := q.Send(t.Context(), hints...); err != nil {
		t.Fatal(err)
	}
}

func hint(lane synchook.LaneID, generation int64, at time.Time) synchook.Hint {
	h := synchook.Hint{Project: "prj_1", Lane: lane, Generation: generation}
	if !at.IsZero() {
		h.At = at.UnixMilli()
	}
	return h
}

func TestEachLaneHasItsQueue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lane              synchook.LaneID
		queue, kind, what string
	}{
		{runLane, queue.Runs, queue.TaskRuns, "triggered by events"},
		{fullLane, queue.Runs, queue.TaskRuns, "scheduled or manual"},
		{deliveryLane, queue.Deliveries, queue.TaskLane, "deliveries to endpoint end_1"},
		{fanoutLane, queue.Control, queue.TaskFanout, "events of project prj_1"},
		{recoveryLane, queue.Control, queue.TaskRecovery, "recoveries of project prj_1"},
	}
	q, inspector, _ := newQueue(t)
	for _, tt := range tests {
		send(t, q, hint(tt.lane, 7, time.Time{}))
		info, err := inspector.GetTaskInfo(tt.queue, string(tt.lane)+".7")
		if err != nil {
			t.Fatalf("%s: %v", tt.lane, err)
		}
		p, err := queue.Read(asynq.NewTask(info.Type, info.Payload))
		if err != nil || p.Project != "prj_1" || p.Lane != tt.lane || p.Generation != 7 || !strings.Contains(p.What, tt.what) {
			t.Errorf("%s: payload %s (%v)", tt.lane, info.Payload, err)
		}
		if info.Type != tt.kind || info.State != asynq.TaskStatePending || info.Timeout != time.Hour || info.MaxRetry < 1<<30 {
			t.Errorf("%s: task %+v", tt.lane, info)
		}
	}
}

func TestASecondHintOfAGenerationIsRefusedInSilence(t *testing.T) {
	t.Parallel()
	q, inspector, _ := newQueue(t)
	for range 3 {
		send(t, q, hint(runLane, 1, time.Time{}))
	}
	send(t, q, hint(runLane, 2, time.Time{}))
	info, err := inspector.GetQueueInfo(queue.Runs)
	if err != nil || info.Pending != 2 {
		t.Errorf("queue = %+v (%v), want one task for each generation", info, err)
	}
}

func TestAHintForLaterComesNoEarlier(t *testing.T) {
	t.Parallel()
	q, inspector, _ := newQueue(t)
	at := time.Now().Add(time.Minute).Truncate(time.Second).Add(time.Millisecond)
	send(t, q, hint(runLane, 1, at))
	info, err := inspector.GetTaskInfo(queue.Runs, string(runLane)+".1")
	if err != nil || info.State != asynq.TaskStateScheduled {
		t.Fatalf("task = %+v (%v)", info, err)
	}
	if late := info.NextProcessAt.Sub(at); late < 0 || late >= time.Second {
		t.Errorf("it comes %v after its time, want within the next second", late)
	}
}

func TestAWaitingAttemptCanBeRead(t *testing.T) {
	t.Parallel()
	q, inspector, _ := newQueue(t)
	at := time.Now().Add(time.Minute).Truncate(time.Second).Add(500 * time.Millisecond)
	a := queue.Attempt{
		Project: "prj_1", Endpoint: "end_1", Delivery: "dlv_1", Model: "Issue", Number: 3, Of: 13, LastAnswer: "500 Internal Server Error", At: at,
	}
	for range 2 {
		if err := q.SendAttempt(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	info, err := inspector.GetTaskInfo(queue.Deliveries, "dlv_1.3")
	if err != nil || info.Type != queue.TaskAttempt || info.NextProcessAt.Before(at) || info.NextProcessAt.Sub(at) >= time.Second {
		t.Fatalf("task = %+v (%v), want it scheduled for %v", info, err, at)
	}
	var shown map[string]any
	if err := json.Unmarshal(info.Payload, &shown); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"delivery": "dlv_1", "endpoint": "end_1", "model": "Issue", "attempt": "3 of 13", "last_answer": "500 Internal Server Error",
	} {
		if shown[name] != want {
			t.Errorf("%s = %v, want %q", name, shown[name], want)
		}
	}
	p, err := queue.Read(asynq.NewTask(info.Type, info.Payload))
	if err != nil || p.Lane != deliveryLane || p.Generation != 0 {
		t.Errorf("it wakes %+v (%v), want lane %s in any generation", p, err, deliveryLane)
	}
}

func TestADeliveryThatWaitsForItsFirstAttemptHasAHintOfItsOwn(t *testing.T) {
	t.Parallel()
	q, inspector, _ := newQueue(t)
	at := time.Now().Add(time.Minute)
	h := synchook.Hint{Project: "prj_1", Lane: deliveryLane, At: at.UnixMilli(), Delivery: "dlv_1"}
	other := h
	other.Delivery = "dlv_2"
	send(t, q, h, other, h)
	for _, id := range []string{"dlv_1", "dlv_2"} {
		info, err := inspector.GetTaskInfo(queue.Deliveries, id+".1")
		if err != nil || info.Type != queue.TaskAttempt || info.NextProcessAt.Before(at.Truncate(time.Millisecond)) {
			t.Fatalf("task = %+v (%v), want it scheduled for %v", info, err, at)
		}
		p, err := queue.Read(asynq.NewTask(info.Type, info.Payload))
		if err != nil || p.Lane != deliveryLane || p.Generation != 0 || p.Delivery != id || p.Endpoint != "end_1" {
			t.Errorf("it wakes %+v (%v), want lane %s in any generation", p, err, deliveryLane)
		}
	}
}

func TestReadRefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "junk", "[]", "{}", `{"project":"prj_1"}`, `{"lane":"con_1.syn_1.e"}`, `{"project":"prj_1","lane":"nolane"}`} {
		if p, err := queue.Read(asynq.NewTask(queue.TaskRuns, []byte(body))); err == nil {
			t.Errorf("Read(%q) = %+v, want an error", body, p)
		}
	}
}

func TestOnItsWayIsWhatStillWaits(t *testing.T) {
	t.Parallel()
	now, later := time.Time{}, time.Now().Add(time.Hour)
	tests := map[string]struct {
		sent      []synchook.Hint
		forgotten bool // its time is long past
		want      bool
	}{
		"no queue yet":             {nil, false, false},
		"missing":                  {[]synchook.Hint{hint(runLane, 9, now), hint(fullLane, 1, now)}, false, false},
		"pending":                  {[]synchook.Hint{hint(runLane, 1, now)}, false, true},
		"scheduled":                {[]synchook.Hint{hint(runLane, 1, later)}, false, true},
		"scheduled, and forgotten": {[]synchook.Hint{hint(runLane, 1, later)}, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, _, rdb := newQueue(t)
			send(t, q, tt.sent...)
			if tt.forgotten {
				past := float64(time.Now().Add(-time.Minute).Unix())
				rdb.ZAdd(t.Context(), "asynq:{runs}:scheduled", redis.Z{Score: past, Member: string(runLane) + ".1"})
			}
			if got, err := q.OnItsWay(t.Context(), runLane, 1); err != nil || got != tt.want {
				t.Errorf("on its way: %v (%v), want %v", got, err, tt.want)
			}
		})
	}
}

func TestAHintThatIsInNoListIsNotOnItsWay(t *testing.T) {
	t.Parallel()
	q, _, rdb := newQueue(t)
	send(t, q, hint(runLane, 1, time.Time{}))
	if err := rdb.Del(t.Context(), "asynq:{runs}:pending").Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := q.OnItsWay(t.Context(), runLane, 1); err != nil || got {
		t.Errorf("on its way: %v (%v), want no", got, err)
	}
}

// commands is a hook that notes the commands of a client.
type commands struct{ sent []string }

func (*commands) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.sent = append(c.sent, strings.TrimSuffix(fmt.Sprintln(cmd.Args()...), "\n"))
		return next(ctx, cmd)
	}
}

func TestAnOldHintIsLookedForAmongTheOldest(t *testing.T) {
	t.Parallel()
	q, _, rdb := newQueue(t)
	send(t, q, hint(runLane, 1, time.Time{}), hint(fullLane, 1, time.Time{}))
	seen := &commands{}
	rdb.AddHook(seen)
	if got, err := q.OnItsWay(t.Context(), runLane, 1); err != nil || !got {
		t.Errorf("on its way: %v (%v), want yes", got, err)
	}
	oldest := rdb.LIndex(t.Context(), "asynq:{runs}:pending", -1).Val()
	want := "lpos asynq:{runs}:pending " + oldest + " rank -1"
	if oldest != string(runLane)+".1" || !slices.Contains(seen.sent, want) {
		t.Errorf("the oldest is %s; sent %q, want %q", oldest, seen.sent, want)
	}
}

func TestAHintThatAWorkerHasTakenIsNotOnItsWay(t *testing.T) {
	t.Parallel()
	q, _, rdb := newQueue(t)
	taken, release := make(chan struct{}), make(chan struct{})
	mux := asynq.NewServeMux()
	mux.HandleFunc(queue.TaskRuns, func(context.Context, *asynq.Task) error {
		close(taken)
		<-release
		return nil
	})
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency: 1, Queues: map[string]int{queue.Runs: 1}, TaskCheckInterval: 10 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	if err := server.Start(mux); err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	defer close(release)
	send(t, q, hint(runLane, 1, time.Time{}))
	<-taken
	if got, err := q.OnItsWay(t.Context(), runLane, 1); err != nil || got {
		t.Errorf("on its way: %v (%v), want no", got, err)
	}
	send(t, q, hint(runLane, 1, time.Time{})) // and of its generation none is sent again
	if got, err := q.OnItsWay(t.Context(), runLane, 1); err != nil || got {
		t.Errorf("sent again: %v (%v), want no", got, err)
	}
}

func TestAnnouncedQueuesAreKnownToAsynqmon(t *testing.T) {
	t.Parallel()
	q, inspector, rdb := newQueue(t)
	rdb.FlushDB(t.Context())
	if err := q.Announce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names, err := inspector.Queues(); err != nil || len(names) != len(queue.All()) {
		t.Errorf("queues = %q (%v), want %q", names, err, queue.All())
	}
}

func TestAHintThatCannotBeSentIsAnErrorThatNamesItsLane(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: t.TempDir() + "/nobody", MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	err := queue.New(rdb, time.Hour).Send(t.Context(), hint(runLane, 1, time.Time{}), hint(deliveryLane, 1, time.Time{}))
	if err == nil || !strings.Contains(err.Error(), string(runLane)) || !strings.Contains(err.Error(), string(deliveryLane)) {
		t.Errorf("error = %v, want one that names both lanes", err)
	}
	if _, err := queue.New(rdb, time.Hour).OnItsWay(t.Context(), runLane, 1); err == nil {
		t.Error("a queue that does not answer says where a hint is")
	}
}

// refusal is an error as Redis sends one.
type refusal string

func (r refusal) Error() string { return string(r) }
func (refusal) RedisError()     {}

func TestBackoffWaitsAfterEveryErrorThatIsNotPartOfGoodWork(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err   error
		waits bool
	}{
		"success":           {nil, false},
		"nothing there":     {redis.Nil, false},
		"no memory":         {refusal("OOM command not allowed when used memory > 'maxmemory'."), true},
		"disk full":         {refusal("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."), true},
		"a replica":         {refusal("READONLY You can't write against a read only replica."), true},
		"cluster down":      {refusal("CLUSTERDOWN The cluster is down"), true},
		"too few replicas":  {refusal("NOREPLICAS Not enough good replicas to write."), true},
		"loading":           {refusal("LOADING Redis is loading the dataset in memory"), true},
		"no connection":     {io.EOF, true},
		"a fault of ours":   {refusal("WRONGTYPE Operation against a key holding the wrong kind of value"), true},
		"an unknown script": {refusal("NOSCRIPT No matching script. Please use EVAL."), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				one := queue.Backoff{}.ProcessHook(func(context.Context, redis.Cmder) error { return tt.err })
				many := queue.Backoff{}.ProcessPipelineHook(func(context.Context, []redis.Cmder) error { return tt.err })
				cmd := redis.NewStatusCmd(t.Context(), "ping")
				if err := one(t.Context(), cmd); err != tt.err { //nolint:errorlint // it must be the very error
					t.Errorf("error = %v, want %v", err, tt.err)
				}
				if err := many(t.Context(), []redis.Cmder{cmd}); err != tt.err { //nolint:errorlint // it must be the very error
					t.Errorf("error of the pipeline = %v, want %v", err, tt.err)
				}
				if waited := time.Since(start); (waited >= 200*time.Millisecond) != tt.waits || (waited > 0) != tt.waits {
					t.Errorf("waited %v, want waits %v", waited, tt.waits)
				}
			})
		})
	}
}

func TestBackoffEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		err := queue.Backoff{}.ProcessHook(func(context.Context, redis.Cmder) error { return refusal("OOM") })(ctx, redis.NewStatusCmd(ctx, "ping"))
		if err == nil || time.Since(start) > 0 {
			t.Errorf("waited %v (%v)", time.Since(start), err)
		}
	})
}
