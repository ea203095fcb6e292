package faults

import (
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// leaderFaults are those of the worker that fires schedules and wakes what nobody touched.
func leaderFaults() []fault {
	return []fault{
		{group: "leader", name: "killed with all that it held", alone: true, doubles: unwritten, do: killTheLeader},
		{group: "leader", name: "two at once: no schedule fires twice", alone: true, do: twoLeaders},
	}
}

// killTheLeader kills the worker that leads: the only one there was when it became it.
func killTheLeader(s *scene) {
	s.stopWorkers()
	leader := s.house.StartWorker()
	former := s.wantLeader("")
	s.startWorkers()
	leader.Kill()
	s.over()
	s.wantLeader(former)
}

// twoLeaders takes the lead away from whoever has it, again and again, so that all workers fire schedules.
func twoLeaders(s *scene) {
	clock := s.house.NewProject("clock", "clock-1", "clock-2")
	clock.Deploy(filepath.Join(rig.Root(), "e2e", "rig", "testdata", "clock"))
	redis := s.house.Redis.Client()
	var fired [][]time.Time
	var again time.Time // when all schedules had fired again
	rig.Until(s.t, 4*time.Minute, "schedules have fired again", func() bool {
		redis.Del(s.t.Context(), "synchook:lease:sweep") // that it fails now and then changes nothing
		fired = firings(clock)
		if again.IsZero() && firedOften(fired, len(clock.Connections)) {
			again = time.Now()
		}
		return !again.IsZero() && time.Since(again) > 4*time.Second
	})
	s.over()
	count := 0
	for _, at := range fired {
		count += len(at)
		for i := 2; i < len(at); i++ { // the first is at once, and the second at any time after it
			if gap := at[i].Sub(at[i-1]); gap < 20*time.Second {
				s.t.Errorf("a schedule of every 30 s fired %s after the time before", gap)
			}
		}
	}
	got := clock.Receiver.Want(count)
	if ids := distinct(got); ids != len(got) {
		s.t.Errorf("of %d webhooks of schedules, %d are repetitions", len(got), len(got)-ids)
	}
}

// firings are when the schedule of each connection fired.
func firings(p *rig.Project) [][]time.Time {
	byConnection := map[string][]time.Time{}
	for _, r := range slices.Backward(p.Runs()) { // the newest are listed first
		byConnection[r.GetConnectionId()] = append(byConnection[r.GetConnectionId()], r.GetCreateTime().AsTime())
	}
	return slices.Collect(maps.Values(byConnection))
}

// firedOften reports whether so many schedules have fired often enough to show a doubled firing.
func firedOften(fired [][]time.Time, schedules int) bool {
	enough := 0
	for _, at := range fired {
		if len(at) >= byLength(2, 4) {
			enough++
		}
	}
	return enough == schedules
}

// distinct counts the webhooks that arrived, without repetitions.
func distinct(arrivals []rig.Arrival) int {
	ids := map[string]bool{}
	for _, a := range arrivals {
		ids[a.ID] = true
	}
	return len(ids)
}

// wantLeader waits until another than the former leads the sweep.
func (s *scene) wantLeader(former string) string {
	s.t.Helper()
	redis, who := s.house.Redis.Client(), ""
	rig.Until(s.t, time.Minute, "a worker leads", func() bool {
		who = redis.Get(s.t.Context(), "synchook:lease:sweep").Val()
		return who != "" && who != former
	})
	return who
}
