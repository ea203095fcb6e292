package worker

import (
	"cmp"
	"slices"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	agesEvery  = 50 * time.Millisecond // how seldom lanes are looked through for those that have become slow
	remembers  = 10 * time.Minute      // how long a lane's pace is known after its last shift
	mostKnown  = 10_000                // lanes of which it is known
	otherLanes = 4                     // how many more lanes like one there is always room for,
	ownRoom    = 4                     // and to how much of what is free a project may bring it, against what it has
)

// pace is how a lane's endpoint answers.
type pace int

// The paces.
const (
	unknown pace = iota // nothing was answered lately
	quick               // within a second
	slow                // later, or its oldest request waits for that long
)

// share is what a lane has of the requests that may be in flight.
type share struct {
	project synchook.ProjectID
	lane    synchook.LaneID
	flight
	spare int       // given to it, and not yet in flight
	want  int       // how many more it wants
	since time.Time // since when, with no more or less than it has
	as    pace      // how it is counted
	of    *projectShare
	room  chan struct{}
}

// flight is what a lane has in flight.
type flight struct {
	flying int
	oldest time.Time // since when the oldest of these waits
	last   pace      // of the last answer
}

func (s *share) held() int { return s.flying + s.spare }

// pace is how the lane is to be counted now.
func (s flight) pace(now time.Time) pace {
	if s.flying > 0 && now.Sub(s.oldest) >= slowAfter {
		return slow
	}
	return s.last
}

// tally counts requests in flight by the pace of their lanes.
type tally [slow + 1]int

func (t tally) all() int { return t[unknown] + t[quick] + t[slow] }

// allotment shares out how many requests may be in flight. It is pure: it has no clock, and is used by one at a
// time; see posts.
//
// A request that hangs cannot be taken back, so what matters is what is left for others. Slow lanes have at most
// half of all together. Those of which nothing is known may be slow as well: each has one until it has
// answered, and all of them a quarter. An eighth is for quick lanes alone. Within these bounds a lane, and a
// project, may have no more than a part of what is then still free, so that there is always some for one that
// comes. Where there is not, the project that has least is next, and of its lanes the one that has least.
type allotment struct {
	most     int
	total    tally
	projects map[synchook.ProjectID]*projectShare
	shares   map[*share]bool
	waiting  []*share // that want more
	known    map[laneOf]memory
	aged     time.Time
}

// projectShare is what the lanes of a project have together.
type projectShare struct {
	tally tally
	lanes int
}

// laneOf names a lane.
type laneOf struct {
	project synchook.ProjectID
	lane    synchook.LaneID
}

// memory is what is known of a lane that nobody works.
type memory struct {
	last  pace
	since time.Time // since when it waited for room, when it had none
	at    time.Time
}

func newAllotment(most int) *allotment {
	return &allotment{
		most: most, projects: map[synchook.ProjectID]*projectShare{}, shares: map[*share]bool{}, known: map[laneOf]memory{},
	}
}

// enter gives a lane a share, with nothing in it.
func (a *allotment) enter(s *share, now time.Time) {
	if m, ok := a.known[laneOf{s.project, s.lane}]; ok && now.Sub(m.at) < remembers {
		s.last, s.since = m.last, m.since
	}
	if s.of = a.projects[s.project]; s.of == nil {
		s.of = &projectShare{}
		a.projects[s.project] = s.of
	}
	s.of.lanes++
	a.shares[s] = true
	s.as = s.pace(now)
}

// leave takes a lane's share back.
func (a *allotment) leave(s *share, now time.Time) {
	a.remember(s, now)
	a.set(s, now, func() { s.flying, s.spare, s.want = 0, 0, 0 })
	delete(a.shares, s)
	if s.of.lanes--; s.of.lanes == 0 {
		delete(a.projects, s.project)
	}
	a.allot(now)
}

func (a *allotment) remember(s *share, now time.Time) {
	if len(a.known) >= mostKnown {
		clear(a.known) // they are then as good as new
	}
	a.known[laneOf{s.project, s.lane}] = memory{s.pace(now), s.since, now}
}

// ask gives a lane up to n more than it has in flight, and has it wait for the rest.
func (a *allotment) ask(s *share, f flight, n int, now time.Time) {
	a.set(s, now, func() { s.flight, s.want = f, max(n-s.spare, 0) })
	a.allot(now)
}

// settle notes what a lane has in flight, takes back what it was given beside that, and has it wait for n more.
func (a *allotment) settle(s *share, f flight, n int, now time.Time) {
	a.set(s, now, func() { s.flight, s.spare, s.want = f, 0, n })
	a.allot(now)
}

// set changes a share and counts it anew.
func (a *allotment) set(s *share, now time.Time, change func()) {
	p := &s.of.tally
	before, waited := s.held(), s.want > 0
	a.total[s.as] -= before
	p[s.as] -= before
	change()
	s.as = s.pace(now)
	a.total[s.as] += s.held()
	p[s.as] += s.held()
	switch {
	case s.want > 0 && !waited:
		a.waiting = append(a.waiting, s)
	case s.want == 0 && waited:
		a.waiting = slices.DeleteFunc(a.waiting, func(w *share) bool { return w == s })
	}
	switch {
	case s.want == 0:
		s.since = time.Time{}
	case s.since.IsZero() || s.held() != before:
		s.since = now
	}
}

// allot gives out what may be given out, one by one, and tells those who get it.
func (a *allotment) allot(now time.Time) {
	if len(a.waiting) == 0 {
		return
	}
	a.age(now)
	for {
		next, alone := a.next()
		if next == nil {
			return
		}
		for more := true; more; more = alone && next.want > 0 && a.fits(next) {
			a.set(next, now, func() { next.spare, next.want = next.spare+1, next.want-1 })
		}
		select {
		case next.room <- struct{}{}:
		default: // it was told already
		}
	}
}

// next returns the lane that is given one more, and whether no other might be. Nil: none may have more.
func (a *allotment) next() (best *share, alone bool) {
	for _, s := range a.waiting {
		switch {
		case !a.fits(s):
		case best == nil:
			best, alone = s, true
		default:
			alone = false
			if compare(s, best) < 0 {
				best = s
			}
		}
	}
	return best, alone
}

// compare says who is next: whose project has less, then who has less, then who waits for longer.
func compare(s, other *share) int {
	return cmp.Or(
		cmp.Compare(s.of.tally.all(), other.of.tally.all()),
		cmp.Compare(s.held(), other.held()),
		s.since.Compare(other.since),
	)
}

// fits reports whether a lane may have one more.
func (a *allotment) fits(s *share) bool {
	all, p := a.total.all(), &s.of.tally
	switch s.as {
	case quick:
		return room{a.most, all, p.all(), s.held()}.left()
	case slow:
		return room{a.unreserved(), all, p.all(), s.held()}.left() && room{(a.most + 1) / 2, a.total[slow], p[slow], s.held()}.left()
	default:
		return s.held() == 0 && room{a.unreserved(), all, p.all(), 0}.left() && room{(a.most + 3) / 4, a.total[unknown], p[unknown], 0}.left()
	}
}

// unreserved is what is not for quick lanes alone.
func (a *allotment) unreserved() int { return a.most - a.most/8 }

// room is a part of all requests, and how much of it is in use: by all, by a project, and by a lane of its.
type room struct{ most, all, project, lane int }

// left reports whether the lane may have one more. What it and its project may have shrinks with what is free.
func (r room) left() bool {
	free := r.most - r.all
	return free > 0 && r.project < ownRoom*free && (r.lane == 0 || otherLanes*r.lane < free)
}

// age counts those anew that have become slow by waiting.
func (a *allotment) age(now time.Time) {
	if now.Sub(a.aged) < agesEvery {
		return
	}
	a.aged = now
	for s := range a.shares {
		if s.as != s.pace(now) {
			a.set(s, now, func() {})
		}
	}
}
