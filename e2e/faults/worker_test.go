package faults

import (
	"time"

	"github.com/synchook/synchook/e2e/rig"
	"github.com/synchook/synchook/internal/store"
)

// unwritten is why a worker's death can double a webhook.
const unwritten = "an answer that the worker had not handed in when it died"

// workerFaults are the deaths of workers.
func workerFaults() []fault {
	list := []fault{
		{name: "killed during a POST", doubles: unwritten, do: killDuringAPost},
		{name: "frozen until others have its work, then thawed", doubles: unwritten, do: freezeAWorker},
		{name: "stopped in order while a script waits", alone: true, settings: []string{"SYNCHOOK_STOP_TIMEOUT=6s"}, do: stopWhileAScriptWaits},
	}
	for _, place := range []struct {
		name, at string
		long     bool
	}{
		{"between taking a run and opening it", "run.taken=kill:4", false},
		{"in the middle of a script", "run.script=kill:5", false},
		{"between the last save and the seal", "run.saved=kill:4", false},
		{"between the seal and its hand-in", "run.sealed=kill:3", false},
		{"between the hand-in and waking the endpoint", "lane.handed-in=kill", false},
		{"before a POST", "delivery.post=kill:3", true},
		{"between an answer and its hand-in", "delivery.answered=kill:3", false},
	} {
		list = append(list,
			fault{name: "killed " + place.name, long: place.long, doubles: unwritten, do: killAmongOthers(place.at)},
			fault{name: "killed " + place.name + ", the only one", long: true, doubles: unwritten, do: killTheOnlyOne(place.at)},
		)
	}
	for i := range list {
		list[i].group = "worker"
	}
	return list
}

// killAmongOthers kills a worker at a fail point while others live.
func killAmongOthers(at string) func(*scene) {
	return func(s *scene) {
		s.house.StartWorker("SYNCHOOK_FAILPOINT=" + at).WantKill()
		s.over()
	}
}

// killTheOnlyOne kills a worker at a fail point while there is no other, and then starts others.
func killTheOnlyOne(at string) func(*scene) {
	return func(s *scene) {
		s.stopWorkers()
		s.house.StartWorker("SYNCHOOK_FAILPOINT=" + at).WantKill()
		s.over()
		s.startWorkers()
	}
}

// killDuringAPost kills the workers while the receiver has a webhook and has not answered.
func killDuringAPost(s *scene) {
	gate := s.project.Receiver.Gate()
	rig.Wait(s.t, time.Minute, "a POST is held", gate.Hold())
	s.killWorkers()
	s.over()
	s.startWorkers()
}

// freezeAWorker stops a worker as it stands, and lets it go on when it has lost all that it held: the
// rows, and the lead.
func freezeAWorker(s *scene) {
	w := s.workers[0]
	w.Freeze()
	s.over()
	s.wait(store.LeaseTime + 10*time.Second)
	w.Thaw()
}

// stopWhileAScriptWaits stops the workers while a script waits for an answer that does not come.
func stopWhileAScriptWaits(s *scene) {
	gate := s.project.GitHub.Gate()
	rig.Wait(s.t, time.Minute, "a script waits", gate.Hold())
	s.stopWorkers()
	gate.Open()
	s.over()
	s.startWorkers()
}
