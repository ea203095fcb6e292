package faults

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

const (
	// workers is how many live when a fault begins.
	workers = 2

	// mostRecovery is how long after a fault's end all that it held up must have begun to move again.
	mostRecovery = 30 * time.Second

	// mostProblems is how many of a scene's problems are told.
	mostProblems = 20
)

// scene is a fault's world: the processes, and the load that goes on while things break.
type scene struct {
	t       *testing.T
	fault   fault
	house   *rig.House
	project *rig.Project
	load    *rig.Load
	workers []*rig.Process
	ended   time.Time // when the fault was over; zero: it is not yet
}

func newScene(t *testing.T, f fault) *scene {
	t.Helper()
	o := rig.HouseOptions{Settings: f.settings}
	if f.redis != nil {
		o.Redis = f.redis(t)
	}
	s := &scene{t: t, fault: f, house: rig.NewHouse(t, o)}
	s.project = s.house.NewProject("faults", "user-1", "user-2", "user-3")
	s.project.Pace = 200 * time.Millisecond
	s.project.Set(patience())
	s.project.Set(&synchookv1.ProjectSettings{CoalesceWebhooks: true, OperationalWebhooks: rig.OperationalTypes()}, "coalesce_webhooks", "operational_webhooks")
	s.startWorkers()
	return s
}

// patience are settings of a project that tries again soon, and long enough for any fault, and their mask.
func patience() (*synchookv1.ProjectSettings, string, string) {
	return &synchookv1.ProjectSettings{
		RetrySchedule:    slices.Repeat([]*durationpb.Duration{{Seconds: 2}}, 50),
		RunRetrySchedule: slices.Concat(slices.Repeat([]*durationpb.Duration{{Seconds: 1}}, 3), slices.Repeat([]*durationpb.Duration{{Seconds: 5}}, 7)),
	}, "retry_schedule", "run_retry_schedule"
}

// byLength is what holds in the short form, or in the long one.
func byLength[T any](short, full T) T {
	if *long {
		return full
	}
	return short
}

// play lets the load flow, breaks and mends, and wants that nothing was lost.
func (s *scene) play() {
	s.t.Helper()
	progress("begins: %s: %s", s.fault.group, s.fault.name)
	began := time.Now()
	enough := make(chan struct{})
	s.load = s.project.Push(10, enough)
	rig.Until(s.t, time.Minute, "webhooks flow", func() bool { return len(s.project.Receiver.Got()) > 3 })
	s.fault.do(s)
	s.over()
	s.wait(byLength(2*time.Second, 10*time.Second))
	close(enough)
	pushes := s.load.End()
	audit := s.project.Audit(pushes, byLength(90*time.Second, 8*time.Minute), s.fault.forgets...)
	row := row{fault: s.fault, audit: audit, recovery: audit.Recovery(pushes, s.ended), took: time.Since(began)}
	s.want(row)
	row.failed = s.t.Failed()
	table.add(row)
	progress("ended after %s: %s: %s: %s", row.took.Round(time.Second), s.fault.group, s.fault.name, row)
}

// over notes that the fault is over now, unless it was before.
func (s *scene) over() {
	if s.ended.IsZero() {
		s.ended = time.Now()
	}
}

// want wants what is promised for every fault.
func (s *scene) want(r row) {
	s.t.Helper()
	problems := slices.Concat(r.audit.Problems, s.house.Examine().Ailments())
	for i, problem := range problems {
		if i == mostProblems {
			s.t.Errorf("and %d problems more", len(problems)-i)
			break
		}
		s.t.Error(problem)
	}
	if r.audit.Duplicates > 0 && s.fault.doubles == "" {
		s.t.Errorf("%d webhooks came again after the receiver had answered with 2xx", r.audit.Duplicates)
	}
	if r.recovery.Begins > mostRecovery {
		s.t.Errorf("%s after the fault's end a connection had got nothing of what was owed to it, want at most %s", r.recovery.Begins, mostRecovery)
	}
	for _, p := range append(s.workers, s.house.Server) {
		if rig.Closed(p.Ended()) {
			s.t.Errorf("process %d has ended by itself", p.PID())
		}
	}
}

// wait waits while the load goes on.
func (s *scene) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.t.Context().Done():
	}
}

// last waits as long as a fault lasts.
func (s *scene) last() { s.wait(byLength(4*time.Second, 20*time.Second)) }

// startWorkers starts workers until there are as many as at the beginning.
func (s *scene) startWorkers() {
	s.t.Helper()
	for len(s.workers) < workers {
		s.workers = append(s.workers, s.house.StartWorker())
	}
}

// stopWorkers asks all workers to stop, one after another, and waits for their end.
func (s *scene) stopWorkers() {
	s.t.Helper()
	for _, w := range s.workers {
		w.Terminate(time.Minute)
	}
	s.workers = nil
}

// killWorkers kills all workers.
func (s *scene) killWorkers() {
	for _, w := range s.workers {
		w.Kill()
	}
	s.workers = nil
}
