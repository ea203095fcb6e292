package e2e

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// wantSucceeded waits until so many runs have succeeded.
func wantSucceeded(t *testing.T, p *rig.Project, n int) {
	t.Helper()
	rig.Until(t, time.Minute, "all runs have succeeded", func() bool {
		succeeded := 0
		for _, r := range p.Runs() {
			if r.GetState() == synchookv1.RunState_RUN_STATE_SUCCEEDED {
				succeeded++
			}
		}
		return succeeded == n
	})
}

func TestAnEndpointThatWasAwayGetsOneWebhookOfEachConnection(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]struct{ goes, comes func(*rig.Project) }{
		"paused": {(*rig.Project).Pause, func(p *rig.Project) { p.Resume() }},
		"down":   {func(p *rig.Project) { p.Receiver.Down() }, func(p *rig.Project) { p.Receiver.Up() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := rig.NewHouse(t, rig.HouseOptions{})
			users := []string{"user-1", "user-2", "user-3"}
			p := h.NewProject("away", users...)
			h.StartWorker()
			p.Set(&synchookv1.ProjectSettings{CoalesceWebhooks: true}, "coalesce_webhooks")
			away.goes(p)
			pushes := p.Push(60, rig.Now()).End()
			wantSucceeded(t, p, len(pushes))
			away.comes(p)
			p.WantAll(pushes)
			wantAcknowledgedOnce(t, p, len(users))
			if sick := h.Examine().Ailments(); len(sick) > 0 {
				t.Errorf("the doctor finds %q", sick)
			}
		})
	}
}

func TestAChattyProviderDoesNotBecomeAChattyWebhook(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("chatty", "user-1")
	calm := p.AddEndpoint(&synchookv1.Endpoint{MinInterval: durationpb.New(3 * time.Second)})
	h.StartWorker()
	began := time.Now()
	wantSucceeded(t, p, len(p.Push(40, rig.Now()).End()))
	wantDelivered(t, p)
	got, took := calm.Got(), time.Since(began)
	if most := 2 + int(took/(3*time.Second)); len(got) == 0 || len(got) > most {
		t.Errorf("in %s it got %d webhooks, want at most %d", took, len(got), most)
	}
	sum := 0
	for i, a := range got {
		c := a.Body.ResponseResults["Issue"]
		sum += int(c.Added + c.Updated + c.Deleted)
		if i > 0 && a.At.Sub(got[i-1].At) < 2*time.Second { // they leave 3 s apart; a busy machine brings one late
			t.Errorf("webhook %d came %s after the one before it", i+1, a.At.Sub(got[i-1].At))
		}
	}
	want := 0
	for _, a := range p.Receiver.Got() {
		c := a.Body.ResponseResults["Issue"]
		want += int(c.Added + c.Updated + c.Deleted)
	}
	if sum != want {
		t.Errorf("it was told of %d changes, the project's own endpoint of %d", sum, want)
	}
}
