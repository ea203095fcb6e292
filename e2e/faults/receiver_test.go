package faults

import (
	"net/http"
	"time"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// unheard is why a receiver that answers badly can get a webhook twice.
const unheard = "a 2xx that came too late, or never whole, to be heard"

// mostMemory is what a worker may use at its peak, whatever a receiver answers: little more than it uses
// anyway.
const mostMemory = 300 << 20

// receiverFaults are the ways in which a customer's app misbehaves.
func receiverFaults() []fault {
	list := []fault{
		{name: "down", do: receiverDown},
		{name: "resets the connection", do: receiverIs(reset)},
		{name: "answers 500", long: true, do: receiverIs(status(http.StatusInternalServerError))},
		{name: "answers one byte a second", settings: []string{"SYNCHOOK_DELIVERY_TIMEOUT=2s"}, doubles: unheard, do: receiverIs(trickle)},
		{name: "answers with 1 GB", do: bounded(mostMemory, receiverIs(flood(1<<30)))},
		{name: "answers with a gzip bomb", do: bounded(mostMemory, receiverIs(bomb()))},
		{name: "redirects", do: redirect},
		{name: "answers 410, which disables it", do: receiverGone},
		{name: "is paused by a person while a worker is killed", doubles: unwritten, do: receiverPaused},
		{name: "answers 429 with Retry-After", do: receiverIs(status(http.StatusTooManyRequests, "Retry-After", "2"))},
		{name: "answers 200 after the timeout", settings: []string{"SYNCHOOK_DELIVERY_TIMEOUT=2s"}, doubles: unheard, do: receiverIs(later(3 * time.Second))},
	}
	for i := range list {
		list[i].group = "receiver"
	}
	return list
}

func receiverDown(s *scene) {
	s.project.Receiver.Down()
	s.last()
	s.project.Receiver.Up()
}

// receiverIs lets the receiver misbehave for a while.
func receiverIs(m rig.Manner) func(*scene) {
	return func(s *scene) {
		s.project.Receiver.Misbehave(m)
		s.last()
		s.project.Receiver.Behave()
	}
}

// receiverGone lets the receiver say that it is gone, until a person resumes it.
func receiverGone(s *scene) {
	receiverIs(status(http.StatusGone))(s)
	if e := s.project.Endpoint(); e.GetState() != synchookv1.EndpointState_ENDPOINT_STATE_DISABLED {
		s.t.Errorf("after 410 the endpoint is %v", e)
	}
	s.project.Resume()
}

// receiverPaused pauses the receiver while a worker dies.
func receiverPaused(s *scene) {
	s.project.Pause()
	killAmongOthers("run.sealed=kill:3")(s)
	s.last()
	s.project.Resume()
	s.ended = time.Now()
}

// redirect lets the receiver send its callers elsewhere, where nobody may come.
func redirect(s *scene) {
	s.project.Receiver.Misbehave(func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		if r.URL.Path == "/elsewhere" {
			s.t.Error("a redirect was followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	s.last()
	s.project.Receiver.Behave()
}

// bounded wants that a fault costs no worker more bytes of memory than that.
func bounded(most int64, do func(*scene)) func(*scene) {
	return func(s *scene) {
		do(s)
		for _, w := range s.workers {
			if peak := w.PeakMemory(); peak > most {
				s.t.Errorf("a worker used %d MiB, want at most %d", peak>>20, most>>20)
			}
		}
	}
}
