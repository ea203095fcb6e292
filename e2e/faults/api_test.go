package faults

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// apiFaults are the ways in which an external API misbehaves with a script that asks it. The script's
// request fails after its retries, and with it the run, which is tried again.
func apiFaults() []fault {
	list := []fault{
		{name: "down", do: apiDown},
		{name: "answers 429 with Retry-After", do: apiIs(status(http.StatusTooManyRequests, "Retry-After", "1"))},
		{name: "answers after 3 s", long: true, do: apiIs(later(3 * time.Second))},
		{name: "cuts the connection in the body", do: apiIs(cut)},
		{name: "answers without end", do: bounded(bodiesMemory, tooLarge(flood(1<<40)))},
		{name: "answers with a gzip bomb", long: true, do: bounded(bodiesMemory, tooLarge(bomb()))},
	}
	for i := range list {
		list[i].group = "external API"
	}
	return list
}

// bodiesMemory is what a worker may use at its peak for three scripts at once, whatever an API answers
// them: 64 MiB each, and once more what it took to get there.
const bodiesMemory = 800 << 20

func apiDown(s *scene) {
	s.project.GitHub.Down()
	s.last()
	s.project.GitHub.Up()
}

// tooLarge lets the external API answer too much, and wants that runs say so.
func tooLarge(m rig.Manner) func(*scene) {
	return func(s *scene) {
		s.project.GitHub.Misbehave(m)
		rig.Until(s.t, time.Minute, "a run says that an answer is too large", func() bool {
			return slices.ContainsFunc(s.project.Runs(), func(r *synchookv1.Run) bool {
				return r.GetEndTime() == nil && strings.Contains(r.GetError(), "the response is too large")
			})
		})
		s.last()
		s.project.GitHub.Behave()
	}
}

// apiIs lets the external API misbehave for a while.
func apiIs(m rig.Manner) func(*scene) {
	return func(s *scene) {
		s.project.GitHub.Misbehave(m)
		s.last()
		s.project.GitHub.Behave()
	}
}
