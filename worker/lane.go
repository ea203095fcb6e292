package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	sliceTime = time.Second // how long a handler keeps a lane while others may wait for a worker
	renewTime = store.LeaseTime / 3
)

// lane is the loop that works a lane, whatever waits in it.
type lane[Row, Done any] struct {
	project synchook.ProjectID
	id      synchook.LaneID
	// most is how many rows may be in flight.
	most int
	// allow says before each turn how many more may be taken beside so many in flight; and, if it is none and
	// waiting helps, until when. Nil: as many as the most leaves.
	allow func(inFlight int, now time.Time) (more int, again time.Time)
	// take takes a turn and hands in what is done.
	take func(context.Context, store.Turn, []Done) (store.Taken[Row], error)
	// do works one row. Its context ends when the lane is lost or the worker gives up waiting.
	do func(context.Context, Row, int64) Done
	// broken says what becomes of a row whose work panicked.
	broken func(Row, error) Done
	// after is told what was handed in. Nil: nobody is.
	after func(context.Context, []Done)
	// told is told what became of what was done: it was handed in, which took so long, or it was not,
	// because the lane is somebody else's. Nil: nobody is.
	told func(done []Done, took time.Duration, handedIn bool)
	send func(context.Context, ...synchook.Hint)
	log  *slog.Logger
	// stopping is closed when no new work may begin.
	stopping <-chan struct{}
	// shifts hosts the lane's shifts, which go on there when the requests in flight hang. Nil: a shift
	// is over when its handler returns.
	shifts *shifts
	// posts says how many of the rows, which are requests then, may be in flight in the whole process. Nil:
	// no more than the most.
	posts *posts
}

// work takes turns on the lane until nothing is due or its slice is over, and then gives it back; or until
// what is in flight hangs: then the worker goes on with it, without the handler. It returns an error when
// the store cannot be reached at its first turn, or cannot do what a later one wants: the hint comes again
// then.
func (l *lane[Row, Done]) work(ctx context.Context, generation int64) error {
	s := newShift(l, generation)
	if l.shifts == nil {
		return s.work(ctx)
	}
	return l.shifts.host(ctx, hosted{
		work:   func(ctx context.Context, free func()) error { s.free = free; return s.work(ctx) },
		failed: func(err error) { tell(ctx, l.log, l.project, l.id, err) },
	})
}

// more is how many more rows may be taken beside so many in flight.
func (l *lane[Row, Done]) more(inFlight int, now time.Time) (more int, again time.Time) {
	more = max(l.most-inFlight, 0)
	if l.allow == nil || more == 0 {
		return more, time.Time{}
	}
	allowed, again := l.allow(inFlight, now)
	return max(min(more, allowed), 0), again
}

// tell logs that a lane could not be worked: an outage passes, and anything else is a fault of ours that
// somebody must look at.
func tell(ctx context.Context, log *slog.Logger, p synchook.ProjectID, id synchook.LaneID, err error) {
	level, message := slog.LevelError, "a lane cannot be worked; run `synchook doctor` if it lasts"
	if synchook.IsKind(err, synchook.KindUnavailable) {
		level, message = slog.LevelWarn, "a lane waits for the store"
	}
	log.Log(ctx, level, message, "project", p, "lane", id, "error", err)
}
