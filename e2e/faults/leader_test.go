package faults

import (
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// leaderFaults are those of the worker that fires schedules and wakes what nobody touched.
func leaderFaults() []fault {
	return []fault{
		{group: "leader", name: "killed with all that it held", alone: true, doubles: unwritten, do: killTheLeader},
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
