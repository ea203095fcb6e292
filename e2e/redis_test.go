package e2e

import (
	"net/http"
	"testing"
	"time"
)

func TestARedisThatIsKilledUnderLoadCostsNothingThatWasAccepted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.newProject("redis", "user-1", "user-2", "user-3")
	worker := h.startWorker()
	enough := make(chan struct{})
	load := p.push(7, enough)
	until(t, 30*time.Second, "webhooks flow", func() bool { return len(p.receiver.Got()) > 3 })

	h.redis.kill()
	before := load.refusals()
	until(t, 20*time.Second, "/readyz says no", func() bool { return h.ready() == http.StatusServiceUnavailable })
	until(t, 20*time.Second, "intake answers 503", func() bool { return load.refusals() > before })

	h.startRedis()
	until(t, 30*time.Second, "/readyz says yes", func() bool { return h.ready() == http.StatusOK })
	again := len(p.receiver.Got())
	until(t, 30*time.Second, "webhooks flow again", func() bool { return len(p.receiver.Got()) > again })
	close(enough)
	p.wantAll(load.end())
	if closed(worker.ended) || closed(h.server.ended) {
		t.Error("the worker or the server has ended")
	}
}
