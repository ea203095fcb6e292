package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
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
	limit   int // how many rows may be in flight
	// take takes a turn and hands in what is done.
	take func(context.Context, store.Turn, []Done) (store.Taken[Row], error)
	// do works one row. Its context ends when the lane is lost or the worker gives up waiting.
	do func(context.Context, Row, int64) Done
	// after is told what was handed in. Nil: nobody is.
	after func(context.Context, []Done)
	// told is told what became of what was done: it was handed in, which took so long, or it was not,
	// because the lane is somebody else's. Nil: nobody is.
	told func(done []Done, took time.Duration, handedIn bool)
	send func(context.Context, ...synchook.Hint)
	log  *slog.Logger
	// stopping is closed when no new work may begin.
	stopping <-chan struct{}
}

// work takes turns on the lane until nothing is due or its slice is over, and then gives it back. It
// returns an error when the store cannot be reached at its first turn, or cannot do what a later one
// wants: the hint comes again then.
func (l *lane[Row, Done]) work(ctx context.Context, generation int64) error {
	w := &shift[Row, Done]{lane: l, turn: store.Turn{Lane: l.id, Generation: generation, Token: rand.Text(), Limit: l.limit}}
	w.ended = make(chan Done, l.limit)
	w.until = time.Now().Add(sliceTime)
	ctx, w.cancel = context.WithCancel(ctx)
	defer w.wait()
	defer w.cancel()
	for {
		taken, err := w.takeTurn(ctx)
		if err != nil {
			return err
		}
		if taken.Word != store.TurnOK {
			return nil
		}
		w.begin(ctx, taken)
		w.await()
	}
}

// shift is one handler's time at a lane.
type shift[Row, Done any] struct {
	lane   *lane[Row, Done]
	turn   store.Turn
	until  time.Time
	flying int
	ended  chan Done
	done   []Done // ended and not yet handed in
	cancel context.CancelFunc
}

// takeTurn takes the next turn, again and again while the store does not answer: what is in flight
// goes on meanwhile, and a turn that is sent again gets the same answer. A fault that does not pass ends
// it: the lane goes to whoever takes it next, and its runs count an interruption.
func (s *shift[Row, Done]) takeTurn(ctx context.Context) (store.Taken[Row], error) {
	s.turn.Number++
	s.turn.Leave, s.turn.Want = store.LeaveIdle, s.lane.limit
	if time.Now().After(s.until) || closed(s.lane.stopping) {
		s.turn.Leave, s.turn.Want = store.LeaveNow, 0
	}
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		began := time.Now()
		taken, err := s.lane.take(ctx, s.turn, s.done)
		if err == nil {
			s.tell(time.Since(began), taken.Word != store.TurnLost)
			if len(taken.Hints) > 0 {
				failpoint.Hit("lane.handed-in")
			}
			s.lane.send(ctx, taken.Hints...)
			if s.lane.after != nil && taken.Word != store.TurnLost && len(s.done) > 0 {
				s.lane.after(ctx, s.done)
			}
			s.done = nil
			return taken, nil
		}
		if ctx.Err() != nil || !s.takesAgain(err) {
			return taken, fmt.Errorf("working lane %s: %w", s.lane.id, err)
		}
		s.lane.log.Warn("the store does not answer; trying again", "lane", s.lane.id, "project", s.lane.project, "wait", wait, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// takesAgain reports whether a turn that failed is taken again. After an outage the first one is left to the
// hint, which comes again; but when too few replicas have it, it has taken rows: let go, they would wait for
// the lease to run out, and their runs count an interruption each time.
func (s *shift[Row, Done]) takesAgain(err error) bool {
	var fault *synchook.Fault
	if !errors.As(err, &fault) || fault.Kind != synchook.KindUnavailable {
		return false
	}
	return s.turn.Number > 1 || fault.Reason == store.TooFewReplicas && !closed(s.lane.stopping)
}

func (s *shift[Row, Done]) begin(ctx context.Context, taken store.Taken[Row]) {
	for _, row := range taken.Rows {
		s.flying++
		go func() { s.ended <- s.lane.do(ctx, row, taken.Fence) }()
	}
}

// await waits until there is something to hand in, or the lease must be renewed.
func (s *shift[Row, Done]) await() {
	if s.flying == 0 {
		return
	}
	renew := time.NewTimer(renewTime)
	defer renew.Stop()
	select {
	case d := <-s.ended:
		s.collect(d)
	case <-renew.C:
		return
	}
	for { // and whatever else has ended by now: under load, batches form by themselves
		select {
		case d := <-s.ended:
			s.collect(d)
		default:
			return
		}
	}
}

func (s *shift[Row, Done]) collect(d Done) {
	s.flying--
	s.done = append(s.done, d)
}

// wait waits for what is still in flight: nothing may run when work has returned.
func (s *shift[Row, Done]) wait() {
	for s.flying > 0 {
		s.collect(<-s.ended)
	}
	s.tell(0, false)
}

func (s *shift[Row, Done]) tell(took time.Duration, handedIn bool) {
	if s.lane.told != nil && len(s.done) > 0 {
		s.lane.told(s.done, took, handedIn)
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
