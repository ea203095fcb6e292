package worker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// lanes are n lanes alike, of which each has something in flight and wants more.
type lanes struct {
	project synchook.ProjectID
	n       int
	pace    pace
	flying  int
	want    int
	given   int // what they should get, all together
}

func TestWhatLanesAreGiven(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		most  int
		lanes []lanes // those that want something ask in this order
	}{
		"alone, it has all that it wants":            {1000, []lanes{{"a", 1, quick, 0, 64, 64}}},
		"of few, it leaves most to others":           {64, []lanes{{"a", 1, quick, 0, 64, 13}}},
		"of one, it has that":                        {1, []lanes{{"a", 1, slow, 0, 64, 1}}},
		"one that nobody knows has one":              {1000, []lanes{{"a", 1, unknown, 0, 64, 1}}},
		"and no second":                              {1000, []lanes{{"a", 1, unknown, 1, 63, 0}}},
		"many that nobody knows have a quarter":      {1000, []lanes{{"a", 150, unknown, 1, 0, 0}, {"b", 50, unknown, 1, 0, 0}, {"c", 200, unknown, 0, 1, 40}, {"d", 200, unknown, 0, 1, 8}, {"e", 200, unknown, 0, 1, 2}, {"f", 200, unknown, 0, 1, 0}}},
		"a project of these leaves some":             {1000, []lanes{{"a", 1000, unknown, 0, 1, 200}}},
		"the many that are slow have half":           {1000, []lanes{{"a", 300, slow, 1, 0, 0}, {"b", 100, slow, 1, 0, 0}, {"c", 400, slow, 0, 1, 80}, {"d", 400, slow, 0, 1, 16}, {"e", 1, quick, 0, 64, 64}}},
		"a project of these leaves some to others":   {1000, []lanes{{"a", 1000, slow, 0, 1, 400}}},
		"a slow one that has many gets no more":      {1000, []lanes{{"a", 9, slow, 50, 0, 0}, {"a", 1, slow, 13, 50, 0}}},
		"slow ones that have half keep none from it": {1000, []lanes{{"a", 10, slow, 50, 0, 0}, {"b", 1, quick, 0, 64, 64}}},
		"more than half are slow by now":             {1000, []lanes{{"a", 10, slow, 90, 0, 0}, {"b", 1, slow, 0, 1, 0}, {"b", 1, unknown, 0, 1, 0}, {"b", 1, quick, 0, 64, 20}}},
		"all are in flight":                          {1000, []lanes{{"a", 10, slow, 100, 0, 0}, {"b", 1, quick, 0, 1, 0}}},
		"many that are quick leave some":             {1000, []lanes{{"a", 15, quick, 0, 64, 800}}},
		"and a newcomer of theirs finds some":        {1000, []lanes{{"a", 12, quick, 60, 0, 0}, {"a", 1, quick, 0, 64, 56}}},
		"a project of very many leaves some":         {1000, []lanes{{"a", 2000, quick, 0, 1, 800}}},
		"which the other has":                        {1000, []lanes{{"a", 800, quick, 1, 0, 0}, {"a", 100, quick, 0, 1, 0}, {"b", 1, quick, 0, 64, 40}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			a := newAllotment(tt.most)
			shares := enterAll(a, tt.lanes, now)
			for i, l := range tt.lanes {
				given := 0
				for _, s := range shares[i] {
					a.ask(s, s.flight, l.want, now)
					given += s.spare
				}
				if given != l.given {
					t.Errorf("%d lanes of %s are given %d, want %d", l.n, l.project, given, l.given)
				}
			}
		})
	}
}

func enterAll(a *allotment, all []lanes, now time.Time) [][]*share {
	shares := make([][]*share, len(all))
	for i, l := range all {
		for k := range l.n {
			s := newShare(l.project, fmt.Sprintf("%d.%d", i, k))
			a.enter(s, now)
			a.settle(s, flight{l.flying, now, l.pace}, 0, now)
			shares[i] = append(shares[i], s)
		}
	}
	return shares
}

func newShare(p synchook.ProjectID, name string) *share {
	return &share{project: p, lane: synchook.LaneID(name + ".d"), room: make(chan struct{}, 1)}
}

func TestWhoIsNextWhenSomethingEnds(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a := newAllotment(4)
	big, other, late, small := newShare("a", "big"), newShare("a", "other"), newShare("a", "late"), newShare("b", "small")
	for _, s := range []*share{big, other, late, small} {
		a.enter(s, now)
	}
	a.settle(big, flight{4, now, quick}, 2, now)
	for i, s := range []*share{other, late, small} {
		a.ask(s, flight{last: quick}, 1, now.Add(time.Duration(i)))
	}
	for n, want := range []*share{small, other, late} {
		a.settle(big, flight{3 - n, now, quick}, 2, now)
		if len(want.room) != 1 || want.spare != 1 {
			t.Fatalf("when %d had ended, %s had not its turn", n+1, want.lane)
		}
	}
	if len(big.room) != 0 || big.spare != 0 {
		t.Error("the one that has most got more before the others had one")
	}
}

func TestALaneIsSlowFromWhenItHangsUntilItAnswersSoon(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		flight flight
		want   pace
	}{
		{flight{}, unknown},
		{flight{1, now, unknown}, unknown},
		{flight{1, now.Add(-slowAfter), unknown}, slow},
		{flight{0, time.Time{}, quick}, quick},
		{flight{1, now.Add(-slowAfter / 2), quick}, quick},
		{flight{1, now.Add(-slowAfter), quick}, slow},
		{flight{0, now.Add(-slowAfter), quick}, quick},
		{flight{0, time.Time{}, slow}, slow},
		{flight{1, now, slow}, slow},
	} {
		if got := tt.flight.pace(now); got != tt.want {
			t.Errorf("%+v is of pace %d, want %d", tt.flight, got, tt.want)
		}
	}
}

func TestWhatHangsIsCountedAsSlowWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a := newAllotment(8)
	first, second, next := newShare("a", "first"), newShare("b", "second"), newShare("c", "next")
	for _, s := range []*share{first, second, next} {
		a.enter(s, now)
		a.ask(s, flight{}, 1, now)
		a.settle(s, flight{s.spare, now, unknown}, 1-s.spare, now)
	}
	if next.flying != 0 {
		t.Fatal("more than a quarter are in flight to lanes that nobody knows")
	}
	later := now.Add(slowAfter)
	a.ask(next, flight{}, 1, later)
	if next.spare != 1 || a.total[slow] != 2 {
		t.Errorf("of those that hang %d are slow, and %d is left for the next, want 2 and 1", a.total[slow], next.spare)
	}
}

func TestAPaceIsRememberedForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		later time.Duration
		want  pace
	}{{time.Minute, slow}, {remembers, unknown}} {
		a := newAllotment(8)
		s := newShare("a", "1")
		a.enter(s, now)
		a.settle(s, flight{last: slow}, 0, now)
		a.leave(s, now)
		again := newShare("a", "1")
		if a.enter(again, now.Add(tt.later)); again.last != tt.want {
			t.Errorf("after %v its pace is %d, want %d", tt.later, again.last, tt.want)
		}
	}
}

// TestWhateverHappensNoMoreAreGivenThanMayBe plays at random, and counts again.
func TestWhateverHappensNoMoreAreGivenThanMayBe(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		a := newAllotment(1 + random.IntN(60))
		now := time.Now()
		var shares []*share
		for step := range 400 {
			now = now.Add(time.Duration(random.IntN(300)) * time.Millisecond)
			shares = play(a, shares, step, random, now)
			if a.total.all() > a.most {
				t.Fatalf("seed %d: %d of %d are given", seed, a.total.all(), a.most)
			}
			checkCounts(t, a, shares)
		}
		for _, s := range shares {
			a.leave(s, now)
		}
		if a.total.all() != 0 || len(a.waiting) != 0 || len(a.projects) != 0 {
			t.Fatalf("seed %d: when all are gone there are %+v", seed, a)
		}
	}
}

// play does one thing at random.
func play(a *allotment, shares []*share, step int, random *rand.Rand, now time.Time) []*share {
	if len(shares) == 0 || random.IntN(8) == 0 {
		s := newShare(synchook.ProjectID([]string{"a", "b", "c"}[random.IntN(3)]), fmt.Sprint(step%20))
		a.enter(s, now)
		return append(shares, s)
	}
	i := random.IntN(len(shares))
	s := shares[i]
	switch random.IntN(10) {
	case 0:
		a.leave(s, now)
		return slices.Delete(shares, i, i+1)
	case 1, 2, 3:
		f := s.flight
		if f.flying > 0 {
			f.flying, f.last = f.flying-1, pace(1+random.IntN(2))
		}
		a.ask(s, f, random.IntN(10), now)
	default:
		f := s.flight
		if f.flying += s.spare; f.flying == s.spare {
			f.oldest = now
		}
		a.settle(s, f, random.IntN(5), now)
	}
	return shares
}

func checkCounts(t *testing.T, a *allotment, shares []*share) {
	t.Helper()
	var total tally
	waiting := 0
	for _, s := range shares {
		total[s.as] += s.held()
		if s.want > 0 {
			waiting++
		}
	}
	if total != a.total || waiting != len(a.waiting) {
		t.Fatalf("%v are given and %d wait, counted are %v and %d", total, waiting, a.total, len(a.waiting))
	}
	if waiting > 0 && total.all() == 0 {
		t.Fatal("somebody waits though nothing is in flight")
	}
}
