package e2e

import (
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
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
			h := rig.NewHouse(t, rig.HouseOptions{})
			p := h.NewProject("crash", "user-1", "user-2", "user-3")
			pushes := p.Push(7, rig.Now()).End()
			h.StartWorker("SYNCHOOK_FAILPOINT=" + at).WantKill()
			died := time.Now()
			h.StartWorker()
			p.WantAll(pushes)
			wantRecovery(p, pushes, died)
		})
		t.Run(name+", and another lives", func(t *testing.T) {
			t.Parallel()
			h := rig.NewHouse(t, rig.HouseOptions{})
			p := h.NewProject("crash", "user-1", "user-2", "user-3")
			armed := h.StartWorker("SYNCHOOK_FAILPOINT=" + at)
			h.StartWorker()
			load := p.Push(7, armed.Ended())
			armed.WantKill()
			died := time.Now()
			pushes := load.End()
			p.WantAll(pushes)
			wantRecovery(p, pushes, died)
		})
	}
}

func TestAWorkerThatIsKilledDuringAPostLosesNothing(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("crash", "user-1", "user-2", "user-3")
	held := p.Receiver.Gate().Hold()
	first := h.StartWorker()
	load := p.Push(7, rig.Now())
	<-held
	first.Kill()
	died := time.Now()
	h.StartWorker()
	pushes := load.End()
	p.WantAll(pushes)
	wantRecovery(p, pushes, died)
	if got := len(p.Receiver.Got()); got <= len(pushes) {
		t.Errorf("%d webhooks came for %d events: the one whose POST was cut off was not sent again", got, len(pushes))
	}
}

// wantRecovery wants that each event that was accepted before a crash had its webhook soon after it.
func wantRecovery(p *rig.Project, pushes []rig.Push, died time.Time) {
	p.House.T.Helper()
	latest := time.Duration(0)
	for _, a := range p.Receiver.Got() {
		latest = max(latest, a.At.Sub(died))
	}
	if latest > recovery {
		p.House.T.Errorf("the last webhook came %s after the crash, want at most %s", latest, recovery)
	}
	p.House.T.Logf("%d events, %d webhooks, the last %s after the crash", len(pushes), len(p.Receiver.Got()), latest.Round(time.Millisecond))
}

func TestAnAcceptedEventSurvivesTheServer(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("crash", "user-1")
	var pushes []rig.Push
	for n := 1; n <= 5; n++ {
		one := rig.Issue{Connection: "user-1", Installation: 1, Number: n}
		a, err := p.GitHub.Push(t.Context(), p.WebhookURL(), rig.NewID(), one)
		h.Server.Kill()
		if err != nil || !a.OK() {
			t.Fatalf("webhook %d was answered %d, %v", n, a.Status, err)
		}
		pushes = append(pushes, rig.Push{Issue: one, Event: a.Event, At: time.Now()})
		h.StartServer()
	}
	h.StartWorker()
	p.WantAll(pushes)
}

func TestAWorkerThatIsAskedToStopUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("stop", "user-1", "user-2", "user-3")
	enough := make(chan struct{})
	first := h.StartWorker("SYNCHOOK_STOP_TIMEOUT=6s")
	load := p.Push(7, enough)
	rig.Until(t, 30*time.Second, "webhooks flow", func() bool { return len(p.Receiver.Got()) > 3 })
	<-p.GitHub.Gate().Hold() // a script waits for an answer that does not come
	first.Terminate(8 * time.Second)
	p.GitHub.Gate().Open()
	h.StartWorker()
	close(enough)
	p.WantAll(load.End())
}
