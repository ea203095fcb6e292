package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
)

func TestARedisThatIsKilledUnderLoadCostsNothingThatWasAccepted(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("redis", "user-1", "user-2", "user-3")
	worker := h.StartWorker()
	enough := make(chan struct{})
	load := p.Push(7, enough)
	rig.Until(t, 30*time.Second, "webhooks flow", func() bool { return len(p.Receiver.Got()) > 3 })

	h.Redis.Kill()
	before := load.Refusals()
	rig.Until(t, 20*time.Second, "/readyz says no", func() bool { return h.Ready() == http.StatusServiceUnavailable })
	rig.Until(t, 20*time.Second, "intake answers 503", func() bool { return load.Refusals() > before })

	h.Redis.Restart()
	rig.Until(t, 30*time.Second, "/readyz says yes", func() bool { return h.Ready() == http.StatusOK })
	again := len(p.Receiver.Got())
	rig.Until(t, 30*time.Second, "webhooks flow again", func() bool { return len(p.Receiver.Got()) > again })
	close(enough)
	p.WantAll(load.End())
	if rig.Closed(worker.Ended()) || rig.Closed(h.Server.Ended()) {
		t.Error("the worker or the server has ended")
	}
}
