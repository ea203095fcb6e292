package e2e

import (
	"testing"
	"time"
)

// recovery is how long after a crash all that it interrupted must be on its way again.
const recovery = 30 * time.Second

// crashes are the places where a worker is killed, and at which time of coming there.
var crashes = map[string]string{
	"between taking a run and opening it":           "run.taken=kill:4",
	"during the script":                             "run.script=kill:5",
	"between seal and hand-in":                      "run.sealed=kill:3",
	"between hand-in and waking the endpoint":       "lane.handed-in=kill",
	"before a POST":                                 "delivery.post=kill:3",
	"between a POST's answer and its being written": "delivery.answered=kill:3",
	"at the first record of all":                    "run.script=kill",
}

func TestAWorkerThatIsKilledLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for name, at := range crashes {
		t.Run(name+", and another starts", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.newProject("crash", "user-1", "user-2", "user-3")
			pushes := p.push(7, now()).end()
			h.startWorker("SYNCHOOK_FAILPOINT=" + at).wantKill(t)
			died := time.Now()
			h.startWorker()
			p.wantAll(pushes)
			p.wantRecovery(pushes, died)
		})
		t.Run(name+", and another lives", func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.newProject("crash", "user-1", "user-2", "user-3")
			armed := h.startWorker("SYNCHOOK_FAILPOINT=" + at)
			h.startWorker()
			load := p.push(7, armed.ended)
			armed.wantKill(t)
			died := time.Now()
			pushes := load.end()
			p.wantAll(pushes)
			p.wantRecovery(pushes, died)
		})
	}
}

func TestAWorkerThatIsKilledDuringAPostLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.newProject("crash", "user-1", "user-2", "user-3")
	held := p.receiver.gate.hold()
	first := h.startWorker()
	load := p.push(7, now())
	<-held
	first.kill()
	died := time.Now()
	h.startWorker()
	pushes := load.end()
	p.wantAll(pushes)
	p.wantRecovery(pushes, died)
	if got := len(p.receiver.Got()); got <= len(pushes) {
		t.Errorf("%d webhooks came for %d events: the one whose POST was cut off was not sent again", got, len(pushes))
	}
}

// wantRecovery wants that each event that was accepted before a crash had its webhook soon after it.
func (p *project) wantRecovery(pushes []push, died time.Time) {
	p.house.t.Helper()
	latest := time.Duration(0)
	for _, a := range p.webhooks() {
		latest = max(latest, a.At.Sub(died))
	}
	if latest > recovery {
		p.house.t.Errorf("the last webhook came %s after the crash, want at most %s", latest, recovery)
	}
	p.house.t.Logf("%d events, %d webhooks, the last %s after the crash", len(pushes), len(p.receiver.Got()), latest.Round(time.Millisecond))
}

func TestAnAcceptedEventSurvivesTheServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.newProject("crash", "user-1")
	var pushes []push
	for n := 1; n <= 5; n++ {
		a, err := p.github.Push(t.Context(), p.webhookURL(), newID(), issue{"user-1", 1, n})
		h.server.kill()
		if err != nil || !a.ok() {
			t.Fatalf("webhook %d was answered %d, %v", n, a.Status, err)
		}
		pushes = append(pushes, push{issue{"user-1", 1, n}, a.Event, time.Now()})
		h.startServer()
	}
	h.startWorker()
	p.wantAll(pushes)
}

func TestAWorkerThatIsAskedToStopUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.newProject("stop", "user-1", "user-2", "user-3")
	enough := make(chan struct{})
	first := h.startWorker("SYNCHOOK_STOP_TIMEOUT=6s")
	load := p.push(7, enough)
	until(t, 30*time.Second, "webhooks flow", func() bool { return len(p.receiver.Got()) > 3 })
	<-p.github.gate.hold() // a script waits for an answer that does not come
	first.terminate(t, 8*time.Second)
	p.github.gate.open()
	h.startWorker()
	close(enough)
	p.wantAll(load.end())
}
