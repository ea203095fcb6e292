package faults

import (
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// serverFaults are the deaths of servers. Who had no answer sends the same webhook again.
func serverFaults() []fault {
	return []fault{
		{group: "server", name: "killed before it accepts", do: killServer("accept.before=kill:5")},
		{group: "server", name: "killed after it accepted, before it answers", do: killServer("accept.after=kill:5")},
		{group: "all", name: "rolling restart by SIGTERM, Redis too", alone: true, do: rollingRestart},
	}
}

// killServer puts a server that dies at a fail point in the place of the one that runs, which is killed,
// and then another in its place.
func killServer(at string) func(*scene) {
	return func(s *scene) {
		former := s.house.Server
		armed := s.house.StartServer("SYNCHOOK_FAILPOINT=" + at)
		former.Kill()
		armed.WantKill()
		s.house.StartServer()
	}
}

// rollingRestart starts every process anew, one after another, without a break.
func rollingRestart(s *scene) {
	former := s.house.Server
	s.house.StartServer()
	former.Terminate(time.Minute)
	for i, w := range s.workers {
		s.workers[i] = s.house.StartWorker()
		w.Terminate(time.Minute)
	}
	s.house.Redis.Terminate(time.Minute)
	s.house.Redis.Restart()
	s.over()
	rig.Until(s.t, time.Minute, "the server is ready again", func() bool { return s.house.Ready() == 200 })
}
