package worker

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// fakeLane is a lane in memory: rows are how long their work takes, and "wait" of them are due.
type fakeLane struct {
	lane[time.Duration, time.Duration]
	mu     sync.Mutex
	due    []time.Duration
	flying int
	turns  []store.Turn
	left   time.Time // when it was given back
}

func newFakeLane(limit int, due ...time.Duration) *fakeLane {
	f := &fakeLane{due: due}
	f.lane = lane[time.Duration, time.Duration]{
		most: limit, log: slog.New(slog.NewTextHandler(io.Discard, nil)), send: func(context.Context, ...synchook.Hint) {},
		take: f.takeTurn, stopping: make(chan struct{}),
		shifts: newShifts(prometheus.NewGauge(prometheus.GaugeOpts{}), slog.New(slog.NewTextHandler(io.Discard, nil))),
		broken: func(time.Duration, error) time.Duration { return 0 },
		do: func(ctx context.Context, row time.Duration, _ int64) time.Duration {
			select {
			case <-time.After(row):
			case <-ctx.Done():
			}
			return row
		},
	}
	return f
}

// put makes more rows due.
func (f *fakeLane) put(rows ...time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = append(f.due, rows...)
}

// takeTurn is what turn.lua does, in short.
func (f *fakeLane) takeTurn(_ context.Context, t store.Turn, done []time.Duration) (store.Taken[time.Duration], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turns = append(f.turns, t)
	f.flying -= len(done)
	n := min(t.Want, t.Limit-f.flying, len(f.due))
	taken := store.Taken[time.Duration]{Word: store.TurnOK, Now: time.Now(), Rows: slices.Clone(f.due[:max(n, 0)])}
	if f.due, f.flying = f.due[len(taken.Rows):], f.flying+len(taken.Rows); len(f.due) > 0 {
		taken.Next = taken.Now
	}
	if t.Leave != store.Stay && f.flying == 0 {
		taken.Word, f.left = store.TurnLeft, time.Now()
	}
	return taken, nil
}

func TestAHandlerKeepsItsSlotAsLongAsAnswersCome(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		due  []time.Duration
		slot time.Duration // how long the handler is held
		left time.Duration // when the lane is given back
	}{
		"nothing is due":                    {nil, 0, 0},
		"an answer at once":                 {rows(1, 20*time.Millisecond), 20 * time.Millisecond, 20 * time.Millisecond},
		"answers without end":               {rows(10_000, 20*time.Millisecond), 1020 * time.Millisecond, 1020 * time.Millisecond},
		"an answer that takes its time":     {rows(1, 300*time.Millisecond), slotPatience, 300 * time.Millisecond},
		"many of these":                     {rows(100, 300*time.Millisecond), slotPatience, 1200 * time.Millisecond},
		"no answer":                         {rows(1, 20*time.Second), slotPatience, 20 * time.Second},
		"one that hangs among many at once": {append(rows(1, 20010*time.Millisecond), rows(10_000, 20*time.Millisecond)...), 1020 * time.Millisecond, 20020 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeLane(2, tt.due...)
				began := time.Now()
				if err := f.work(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				if held := time.Since(began); held != tt.slot {
					t.Errorf("the handler was held %v, want %v", held, tt.slot)
				}
				f.shifts.wait()
				if left := f.left.Sub(began); left != tt.left {
					t.Errorf("the lane was given back after %v, want %v", left, tt.left)
				}
			})
		})
	}
}

func rows(n int, took time.Duration) []time.Duration { return slices.Repeat([]time.Duration{took}, n) }

func TestAShiftThatHangsGoesOnTakingAsMuchAsItMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLane(3, 20*time.Second)
		if err := f.work(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		f.put(20*time.Second, 20*time.Second, 20*time.Second)
		synctest.Wait()
		<-time.After(seldomLook)
		f.mu.Lock()
		flying, due := f.flying, len(f.due)
		f.mu.Unlock()
		if flying != 3 || due != 1 {
			t.Errorf("%d are in flight and %d are due, want as many in flight as may be", flying, due)
		}
		f.shifts.wait()
		if took := f.left.Sub(began); took < 20*time.Second || took > 40*time.Second {
			t.Errorf("the lane was given back after %v", took)
		}
	})
}

func TestAShiftLooksSeldomWhenNothingComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLane(3, 20*time.Second)
		if err := f.work(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		f.shifts.wait()
		if n := len(f.turns); n > 25 {
			t.Errorf("it took %d turns in 20 s", n)
		}
	})
}

func TestALaneWithoutRoomWaitsForItAndNotForTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, all := time.Now(), newPosts(1)
		first, second := newFakeLane(64, rows(3, 3*time.Second)...), newFakeLane(64, time.Millisecond)
		for i, f := range []*fakeLane{first, second} {
			f.id, f.posts = synchook.LaneID([]string{"end_1.d", "end_2.d"}[i]), all
			if err := f.work(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if held := time.Since(began); held != 2*slotPatience {
			t.Errorf("the handlers were held %v", held)
		}
		if n := all.waiting(); n != 1 {
			t.Errorf("%v wait for room, want the second", n)
		}
		second.shifts.wait()
		if took := second.left.Sub(began); took < 3*time.Second || took > 3010*time.Millisecond {
			t.Errorf("the second was done after %v, want soon after the first had had an answer", took)
		}
		if n := len(second.turns); n > 3 {
			t.Errorf("it took %d turns meanwhile", n)
		}
		first.shifts.wait()
		if n := all.allotment.total.all() + len(all.allotment.shares); n != 0 {
			t.Errorf("%d are still given", n)
		}
	})
}

func TestALaneWithoutRoomIsLeftToAnotherWorkerAfterAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, all := time.Now(), newPosts(1)
		first, second := newFakeLane(64, time.Minute), newFakeLane(64, time.Millisecond)
		for i, f := range []*fakeLane{first, second} {
			f.id, f.posts = synchook.LaneID([]string{"end_1.d", "end_2.d"}[i]), all
			if err := f.work(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		second.shifts.wait()
		if took := second.left.Sub(began); took < renewTime || took > 2*renewTime || len(second.due) != 1 {
			t.Errorf("it was left after %v with %d due", took, len(second.due))
		}
		first.shifts.wait()
	})
}

func TestALaneWithoutRoomAndWithoutRowsIsLeftAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := newPosts(1)
		first, second := newFakeLane(64, time.Minute), newFakeLane(64)
		first.id, first.posts, second.id, second.posts = "end_1.d", all, "end_2.d", all
		if err := first.work(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := second.work(t.Context(), 1); err != nil || second.left != began {
			t.Errorf("it was left after %v, %v", second.left.Sub(began), err)
		}
		first.shifts.wait()
	})
}

func TestAStopDoesNotWaitForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all, stopping := newPosts(1), make(chan struct{})
		first, second := newFakeLane(64, time.Minute), newFakeLane(64, time.Millisecond)
		first.id, first.posts, second.id, second.posts = "end_1.d", all, "end_2.d", all
		second.stopping = stopping
		for _, f := range []*fakeLane{first, second} {
			if err := f.work(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		close(stopping)
		if second.shifts.wait(); second.left != began {
			t.Errorf("it waited %v", second.left.Sub(began))
		}
		first.shifts.wait()
	})
}

func TestAStopWaitsForShiftsAndTheyForTheirRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLane(3, 20*time.Second)
		stopping := make(chan struct{})
		f.stopping = stopping
		if err := f.work(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		f.put(time.Second)
		close(stopping)
		began := time.Now()
		time.AfterFunc(5*time.Second, func() { close(f.shifts.giveUp) })
		f.shifts.wait()
		if took := time.Since(began); took != 5*time.Second || f.left.IsZero() || len(f.due) != 1 {
			t.Errorf("it ended after %v with %d due, lane left: %v", took, len(f.due), f.left)
		}
		if err := f.work(t.Context(), 1); err == nil || f.flying > 0 {
			t.Errorf("a shift began after the stop: %v", err)
		}
	})
}

func TestAPanicCostsItsRowAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLane(3, rows(5, time.Millisecond)...)
		f.do = func(context.Context, time.Duration, int64) time.Duration { panic("a bug") }
		if err := f.work(t.Context(), 1); err != nil || f.flying > 0 || f.left.IsZero() {
			t.Errorf("%v, %d in flight", err, f.flying)
		}
	})
}

func TestAPanicOfAShiftIsAnErrorAndItsRowsAreWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeLane(3, rows(2, time.Hour)...)
		take := f.take
		f.take = func(ctx context.Context, turn store.Turn, done []time.Duration) (store.Taken[time.Duration], error) {
			if turn.Number == 2 {
				panic("a bug")
			}
			return take(ctx, turn, done)
		}
		failed := make(chan error, 1)
		err := f.shifts.host(t.Context(), hosted{
			work: func(ctx context.Context, free func()) error {
				s := newShift(&f.lane, 1)
				s.free = free
				return s.work(ctx)
			},
			failed: func(err error) { failed <- err },
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-failed; err == nil {
			t.Error("nobody is told")
		}
		f.shifts.wait()
	})
}
