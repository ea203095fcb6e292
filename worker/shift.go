package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/synchook/synchook/internal/failpoint"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

const (
	slotPatience = 100 * time.Millisecond
	slowAfter    = time.Second            // a request that is older makes its lane a slow one
	firstLook    = 250 * time.Millisecond // when what came into a lane is looked for while requests are in flight,
	seldomLook   = time.Second            // and how seldom, when nothing comes
)

// shift is somebody's time at a lane.
type shift[Row, Done any] struct {
	lane   *lane[Row, Done]
	turn   store.Turn
	until  time.Time // when its slice is over
	look   time.Duration
	begun  []time.Time // of each row in flight, the oldest first
	again  time.Time   // when more may be taken; zero: when something has ended, or the lane says nothing of it
	ended  chan ended[Done]
	done   []Done // ended and not yet handed in
	last   pace   // of what ended last
	seat   *seat
	turned time.Time // when the last turn was taken, which renewed the lease
	cancel context.CancelFunc
	// free gives the handler's slot back. Nil: there is none, or it was given back.
	free func()
}

// ended is a row that is no longer in flight.
type ended[Done any] struct {
	done  Done
	began time.Time
	took  time.Duration
}

func newShift[Row, Done any](l *lane[Row, Done], generation int64) *shift[Row, Done] {
	return &shift[Row, Done]{
		lane: l, turn: store.Turn{Lane: l.id, Generation: generation, Token: rand.Text()},
		until: time.Now().Add(sliceTime), look: firstLook, ended: make(chan ended[Done], l.most),
	}
}

// work takes turns until the lane is given back or lost.
func (s *shift[Row, Done]) work(ctx context.Context) error {
	doing, cancel := context.WithCancel(ctx)
	s.cancel = cancel
	s.seat, s.last = s.lane.posts.seat(s.lane.project, s.lane.id)
	defer s.seat.leave()
	defer s.wait()
	defer cancel()
	var next time.Duration
	for {
		if s.plan(time.Now()) {
			taken, err := s.takeTurn(ctx)
			if err != nil {
				return err
			}
			if taken.Word != store.TurnOK {
				return nil
			}
			s.begin(doing, taken)
			next = taken.Next.Sub(taken.Now)
		}
		s.await(next)
	}
}

// takes reports whether the shift goes on taking rows. When its slice is over it lets the lane go as soon as
// nothing is in flight, so that others may have it; unless requests hang, which may be for long. One that has
// no room waits a little longer, before another worker may try.
func (s *shift[Row, Done]) takes(now time.Time) bool {
	switch {
	case closed(s.lane.stopping):
		return false
	case !now.After(s.until):
		return true
	case s.lane.shifts == nil:
		return false
	case len(s.begun) == 0:
		return s.turn.Leave == store.Stay && !now.After(s.until.Add(renewTime))
	}
	return now.Sub(s.begun[0]) >= slowAfter
}

// plan says what the next turn takes, and reports whether one is of use now: not if there is no room, nothing to
// hand in, and the lease is fresh.
func (s *shift[Row, Done]) plan(now time.Time) bool {
	more, leave := 0, store.LeaveNow
	s.again = time.Time{}
	if s.takes(now) {
		leave = store.LeaveIdle
		more, s.again = s.lane.more(len(s.begun), now)
	}
	s.turn.Leave, s.turn.Want = leave, 0
	s.turn.Limit = len(s.begun) + more
	if more == 0 {
		s.seat.settle(s.flight(), 0)
	} else if s.turn.Want = s.seat.ask(s.flight(), more); s.turn.Want == 0 {
		s.turn.Leave = store.Stay
	}
	return s.leaves(now) || s.turn.Want > 0 || len(s.done) > 0 || now.Sub(s.turned) >= renewTime
}

// leaves reports whether the next turn gives the lane back: with nothing in flight, when its time is over, or nothing may
// be taken for long.
func (s *shift[Row, Done]) leaves(now time.Time) bool {
	return len(s.begun) == 0 && (s.turn.Leave == store.LeaveNow || s.again.Sub(now) > store.ShortHold)
}

// flight is what the lane has in flight.
func (s *shift[Row, Done]) flight() flight {
	f := flight{flying: len(s.begun), last: s.last}
	if f.flying > 0 {
		f.oldest = s.begun[0]
	}
	return f
}

// takeTurn takes the next turn, again and again while the store does not answer: what is in flight
// goes on meanwhile, and a turn that is sent again gets the same answer. A fault that does not pass ends
// it: the lane goes to whoever takes it next, and its runs count an interruption.
func (s *shift[Row, Done]) takeTurn(ctx context.Context) (store.Taken[Row], error) {
	s.turn.Number++
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		began := time.Now()
		taken, err := s.lane.take(ctx, s.turn, s.done)
		if err == nil {
			s.handedIn(ctx, taken, time.Since(began))
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

// handedIn tells everybody what a turn did.
func (s *shift[Row, Done]) handedIn(ctx context.Context, taken store.Taken[Row], took time.Duration) {
	s.tell(took, taken.Word != store.TurnLost)
	if len(taken.Hints) > 0 {
		failpoint.Hit("lane.handed-in")
	}
	s.lane.send(ctx, taken.Hints...)
	if s.lane.after != nil && taken.Word != store.TurnLost && len(s.done) > 0 {
		s.lane.after(ctx, s.done)
	}
	s.look = min(2*s.look, seldomLook)
	if len(s.done)+len(taken.Rows) > 0 {
		s.look = firstLook
	}
	s.done = nil
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
	now := time.Now()
	for _, row := range taken.Rows {
		s.begun = append(s.begun, now)
		go func() {
			done := s.do(ctx, row, taken.Fence)
			s.ended <- ended[Done]{done, now, time.Since(now)}
		}()
	}
	s.turned = now
	s.settle(now, !taken.Next.IsZero() && !taken.Next.After(taken.Now))
}

// settle has the shift wait for room for what else is due. When nothing is, it waits for none.
func (s *shift[Row, Done]) settle(now time.Time, due bool) {
	want := 0
	switch {
	case due && s.takes(now):
		want = max(s.turn.Limit-len(s.begun), 0)
	case s.turn.Leave == store.Stay && len(s.begun) == 0:
		s.until, s.turn.Leave = time.Time{}, store.LeaveNow
	}
	s.seat.settle(s.flight(), want)
}

// do works a row. A panic is that row's alone: the process goes on, and the row is not lost.
func (s *shift[Row, Done]) do(ctx context.Context, row Row, fence int64) (done Done) {
	defer func() {
		if p := recover(); p != nil {
			s.lane.log.Error("working a row panicked; this is a bug of synchook's", "project", s.lane.project, "lane", s.lane.id, "panic", p, "stack", string(debug.Stack()))
			done = s.lane.broken(row, fmt.Errorf("it panicked: %v", p))
		}
	}()
	return s.lane.do(ctx, row, fence)
}

// await waits until there is something to hand in, or it is time for a turn. The next row is due in so long.
func (s *shift[Row, Done]) await(next time.Duration) {
	if len(s.begun) == 0 && s.turn.Leave != store.Stay && s.again.IsZero() {
		return
	}
	now := time.Now()
	turn := time.NewTimer(s.untilTurn(now, next))
	defer turn.Stop()
	var tooLong <-chan time.Time
	if s.free != nil {
		tooLong = time.After(s.patience(now))
	}
	giveUp := s.lane.shifts.givesUp()
	var stopping <-chan struct{}
	if len(s.begun) == 0 {
		stopping = s.lane.stopping
	}
	for {
		select {
		case d := <-s.ended:
			s.collect(d)
			s.collectMore()
			return
		case <-turn.C:
			return
		case <-s.seat.room():
			return
		case <-stopping:
			return
		case <-tooLong:
			s.free()
			s.free = nil
		case <-giveUp:
			s.cancel()
			giveUp = nil
		}
	}
}

// patience is how long the handler's slot is kept while nobody answers. A lane that is worked on beyond its
// slice needs none.
func (s *shift[Row, Done]) patience(now time.Time) time.Duration {
	if now.After(s.until) && s.takes(now) {
		return 0
	}
	return slotPatience
}

// untilTurn is how long the next turn may wait while nothing ends: the lease must be renewed; rows come into
// the lane, or are due; or its requests hang from then on, so that it goes on taking.
func (s *shift[Row, Done]) untilTurn(now time.Time, next time.Duration) time.Duration {
	wait := s.turned.Add(renewTime).Sub(now)
	switch {
	case s.lane.shifts == nil || closed(s.lane.stopping):
	case !s.takes(now):
		if len(s.begun) == 0 { // its time is over since it was planned
			return 0
		}
		wait = min(wait, s.begun[0].Add(slowAfter).Sub(now))
	case !s.again.IsZero():
		wait = min(wait, s.again.Sub(now))
	case len(s.begun) < s.turn.Limit:
		wait = min(wait, s.look)
		if next > 0 {
			wait = min(wait, next)
		}
	}
	return wait
}

// collectMore collects whatever else has ended by now: under load, batches form by themselves.
func (s *shift[Row, Done]) collectMore() {
	for {
		select {
		case d := <-s.ended:
			s.collect(d)
		default:
			return
		}
	}
}

func (s *shift[Row, Done]) collect(d ended[Done]) {
	i := slices.Index(s.begun, d.began)
	s.begun = slices.Delete(s.begun, i, i+1)
	s.done = append(s.done, d.done)
	if s.last = quick; d.took >= slowAfter {
		s.last = slow
	}
}

// wait waits for what is still in flight: nothing may run when work has returned.
func (s *shift[Row, Done]) wait() {
	for len(s.begun) > 0 {
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
