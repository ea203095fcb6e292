package faults

import (
	"net/http"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

// apiFaults are the ways in which an external API misbehaves with a script that asks it. The script's
// request fails after its retries, and with it the run, which is tried again.
func apiFaults() []fault {
	list := []fault{
		{name: "down", do: apiDown},
		{name: "answers 429 with Retry-After", do: apiIs(status(http.StatusTooManyRequests, "Retry-After", "1"))},
		{name: "answers after 3 s", long: true, do: apiIs(later(3 * time.Second))},
		{name: "cuts the connection in the body", do: apiIs(cut)},
		{name: "answers with 100 MiB", do: bounded(apiIs(flood(100 << 20)))},
	}
	for i := range list {
		list[i].group = "external API"
	}
	return list
}

func apiDown(s *scene) {
	s.project.GitHub.Down()
	s.last()
	s.project.GitHub.Up()
}

// apiIs lets the external API misbehave for a while.
func apiIs(m rig.Manner) func(*scene) {
	return func(s *scene) {
		s.project.GitHub.Misbehave(m)
		s.last()
		s.project.GitHub.Behave()
	}
}
