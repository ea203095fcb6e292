package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/synchook"
)

// Queue sends hints. Its methods may be called concurrently.
type Queue struct {
	rdb       redis.UniversalClient
	client    *asynq.Client
	inspector *asynq.Inspector
	timeout   time.Duration
}

// New returns a queue on the given Redis. Timeout is how long a task may be worked on.
func New(rdb redis.UniversalClient, timeout time.Duration) *Queue {
	rdb.AddHook(StillSlot{})
	return &Queue{
		rdb: rdb, client: asynq.NewClientFromRedisClient(rdb), inspector: asynq.NewInspectorFromRedisClient(rdb), timeout: timeout,
	}
}

// Send sends hints. One that is on its way already is no error.
func (q *Queue) Send(ctx context.Context, hints ...synchook.Hint) error {
	var errs []error
	for _, h := range hints {
		name, kind := place(h.Lane)
		p := Payload{Project: h.Project, Lane: h.Lane, Generation: h.Generation, What: describe(h.Lane)}
		id := taskID(h.Lane, h.Generation)
		if h.Delivery != "" {
			kind, id = TaskAttempt, attemptID(h.Delivery, 1)
			p.What, p.Delivery, p.Endpoint = "first attempt of a delivery, after the endpoint's minimum interval", string(h.Delivery), string(h.Lane.Endpoint())
		}
		for range failpoint.Copies("hint.send", h.Generation) {
			errs = append(errs, q.enqueue(ctx, kind, p, asynq.Queue(name), asynq.TaskID(id), at(h.At)))
			id += "+" // of a copy, if a test wants one
		}
	}
	return errors.Join(errs...)
}

// Attempt is a delivery that waits for its next attempt.
type Attempt struct {
	Project  synchook.ProjectID
	Endpoint synchook.EndpointID
	Delivery synchook.DeliveryID
	Model    string
	// Operational is the type of an operational webhook. Empty: it is a sync's.
	Operational synchook.OperationalType
	Number      int // of the attempt that it waits for
	Of          int // how many there are at most
	LastAnswer  string
	At          time.Time
}

// SendAttempt sends the hint that shows a waiting attempt in Asynqmon and wakes its lane in time.
func (q *Queue) SendAttempt(ctx context.Context, a Attempt) error {
	p := Payload{
		Project: a.Project, Lane: synchook.DeliveryLane(a.Endpoint), What: "next attempt of a delivery",
		Delivery: string(a.Delivery), Endpoint: string(a.Endpoint), Model: a.Model, Type: string(a.Operational),
		Attempt: fmt.Sprintf("%d of %d", a.Number, a.Of), LastAnswer: a.LastAnswer,
	}
	return q.enqueue(ctx, TaskAttempt, p, asynq.Queue(Deliveries),
		asynq.TaskID(attemptID(a.Delivery, a.Number)), at(a.At.UnixMilli()))
}

func attemptID(d synchook.DeliveryID, number int) string {
	return string(d) + "." + strconv.Itoa(number)
}

func (q *Queue) enqueue(ctx context.Context, kind string, p Payload, opts ...asynq.Option) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	// MaxRetry(math.MaxInt64) would be stored as -1, and archived at the first failure.
	opts = append(opts, asynq.MaxRetry(math.MaxInt32), asynq.Timeout(q.timeout))
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(kind, body), opts...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return unavailable("sending the hint for "+string(p.Lane), err)
	}
	return nil
}

// at returns when a task may come: Asynq's times are whole seconds, and come up to one early.
func at(ms int64) asynq.Option {
	if ms == 0 {
		return asynq.ProcessIn(0)
	}
	return asynq.ProcessAt(time.Unix((ms+999)/1000, 0))
}

func taskID(lane synchook.LaneID, generation int64) string {
	return string(lane) + "." + strconv.FormatInt(generation, 10)
}

// OnItsWay reports whether the hint of that generation still waits in the queue. One that a worker has
// taken does not count: either the worker takes a turn in a moment, or it is dead.
func (q *Queue) OnItsWay(ctx context.Context, lane synchook.LaneID, generation int64) (bool, error) {
	name, _ := place(lane)
	info, err := q.inspector.GetTaskInfo(name, taskID(lane, generation))
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return false, nil
	}
	if err != nil {
		return false, unavailable("asking after the hint for "+string(lane), err)
	}
	late := time.Since(info.NextProcessAt) > 10*time.Second
	switch info.State {
	case asynq.TaskStatePending:
		return q.waits(ctx, name, info.ID)
	case asynq.TaskStateScheduled, asynq.TaskStateRetry:
		return !late, nil
	}
	return false, nil
}

// Backlog is what waits in a queue for a worker.
type Backlog struct {
	Tasks  int           // not scheduled for later
	Oldest time.Duration // how long the oldest of them waits
}

// Backlogs returns what waits in each queue.
func (q *Queue) Backlogs() (map[string]Backlog, error) {
	out := map[string]Backlog{}
	for _, name := range All() {
		info, err := q.inspector.GetQueueInfo(name)
		switch {
		case errors.Is(err, asynq.ErrQueueNotFound):
			out[name] = Backlog{}
		case err != nil:
			return nil, unavailable("asking after the queue "+name, err)
		default:
			out[name] = Backlog{Tasks: info.Pending, Oldest: info.Latency}
		}
	}
	return out, nil
}

// waits reports whether a task is in its queue's list. One that says it is pending and is not there, because
// the list was deleted, is taken by nobody, and its ID is refused to another. It is looked for from the end at
// which the oldest are: of 100,000 that wait, finding one of these from the other end takes milliseconds.
func (q *Queue) waits(ctx context.Context, name, id string) (bool, error) {
	err := q.rdb.LPos(ctx, "asynq:{"+name+"}:pending", id, redis.LPosArgs{Rank: -1}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, unavailable("asking after the task "+id, err)
	}
	return true, nil
}

// Announce makes the queues known to Asynqmon, which stays blank after a flush otherwise.
func (q *Queue) Announce(ctx context.Context) error {
	names := make([]any, 0, 3)
	for _, name := range All() {
		names = append(names, name)
	}
	if err := q.rdb.SAdd(ctx, "asynq:queues", names...).Err(); err != nil {
		return unavailable("announcing the queues", err)
	}
	return nil
}

// unavailable is the fault of a queue that Redis failed: it passes, and the sweep makes up for it.
func unavailable(doing string, err error) error {
	return &synchook.Fault{
		Kind: synchook.KindUnavailable, Reason: "queue_unavailable", Message: "the queue does not answer",
		Help: "Look at Redis and at /readyz.", Err: fmt.Errorf("%s: %w", doing, err),
	}
}

// Backoff is a hook for the Redis client that Asynq's servers use: they ask again at once after an
// error, tens of thousands of times a second while Redis refuses all writes.
type Backoff struct{}

// backoffTime is the wait after an error.
const backoffTime = 100 * time.Millisecond

// DialHook leaves dialling as it is.
func (Backoff) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook waits after a command that failed.
func (Backoff) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		waitAfter(ctx, err)
		return err
	}
}

// ProcessPipelineHook waits after a pipeline that failed.
func (Backoff) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		waitAfter(ctx, err)
		return err
	}
}

// waitAfter waits after all errors but those that say that there is nothing, or that a script must be
// sent as a whole: these come while all is well.
func waitAfter(ctx context.Context, err error) {
	if err == nil || errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "NOSCRIPT") {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(backoffTime):
	}
}
