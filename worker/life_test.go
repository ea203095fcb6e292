package worker_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/worker"
)

// moody is an app whose mood changes: it answers with a status, and counts how many it answers at once.
type moody struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	after  string        // of its answers: Retry-After
	takes  time.Duration // for an answer
	flying int
	most   int            // in flight at once since the mood changed
	got    map[string]int // taken with 2xx, by the webhook's ID
	times  []time.Time    // of all requests since the mood changed
}

func newMoody(t *testing.T, status int) *moody {
	t.Helper()
	m := &moody{status: status, got: map[string]int{}}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

// ServeHTTP answers as its mood is when the request comes.
func (m *moody) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	m.mu.Lock()
	status, after, takes := m.status, m.after, m.takes
	m.times = append(m.times, time.Now())
	m.flying++
	m.most = max(m.most, m.flying)
	m.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-q.Context().Done():
	}
	if after != "" {
		w.Header().Set("Retry-After", after)
	}
	w.WriteHeader(status)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flying--
	if status < 300 {
		m.got[q.Header.Get("webhook-id")]++
	}
}

// turns changes the mood, and returns how many requests came since the last change.
func (m *moody) turns(change func()) (came int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	came, m.times, m.most = len(m.times), nil, 0
	change()
	return came
}

func (m *moody) came() []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.times)
}

func (m *moody) atOnce() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.most
}

// has reports whether it took each of the deliveries once.
func (m *moody) has(ids []synchook.DeliveryID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if m.got[string(id)] != 1 {
			return false
		}
	}
	return true
}

func (h *house) lane(p synchook.Project, end synchook.EndpointID) (state synchook.EndpointState, flow string, pending int64) {
	h.t.Helper()
	lanes, err := h.store.EndpointLanes(context.Background(), p.ID, []synchook.EndpointID{end})
	if err != nil {
		h.t.Fatal(err)
	}
	return lanes[0].Held, lanes[0].Flow, lanes[0].Pending
}

func (h *house) release(p synchook.Project, end synchook.EndpointID) {
	h.t.Helper()
	hints, err := h.store.ReleaseLane(context.Background(), synchook.Caller{Project: p.ID}, end)
	if err == nil {
		err = h.queue.Send(context.Background(), hints...)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestAPausedEndpointGetsNothingAndThenEverything(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), newMoody(t, 200)
	p := storetest.Project(t, h.store)
	end, other := h.endpoint(p, m.URL), newMoody(t, 200)
	if err := h.store.HoldLane(t.Context(), synchook.Caller{Project: p.ID}, end, synchook.EndpointPaused, "a release"); err != nil {
		t.Fatal(err)
	}
	ids := h.owe(p, 40, end)
	witnesses := h.owe(p, 3, h.endpoint(p, other.URL))
	h.until("the other endpoint has its webhooks", func() bool { return other.has(witnesses) })
	if n := len(m.came()); n != 0 {
		t.Errorf("%d requests came while it was paused", n)
	}
	h.release(p, end)
	h.until("everything has come once", func() bool { return m.has(ids) })
}

func TestAnEndpointThatIsGoneIsDisabledAndGetsEverythingWhenItIsResumed(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), newMoody(t, 410)
	p := storetest.Project(t, h.store)
	end := h.endpoint(p, m.URL)
	watch := h.watcher(p, nil, synchook.EndpointDisabled, synchook.EndpointRecovered)
	ids := h.owe(p, 3, end)
	kind, data := watch.told(t)
	if why, _ := data["reason"].(string); kind != "endpoint.disabled" || data["endpointId"] != string(end) || !strings.Contains(why, "410") {
		t.Errorf("told is %s %v", kind, data)
	}
	ids = append(ids, h.owe(p, 5, end)...)
	h.until("all waits", func() bool { _, _, n := h.lane(p, end); return n == int64(len(ids)) })
	if state, _, _ := h.lane(p, end); state != synchook.EndpointOff {
		t.Errorf("its state is %q", state)
	}
	if n := m.turns(func() { m.status = 204 }); n > 3 {
		t.Errorf("%d requests came to what is gone", n)
	}
	h.release(p, end)
	if kind, data := watch.told(t); kind != "endpoint.recovered" || data["endpointId"] != string(end) {
		t.Errorf("told is %s %v", kind, data)
	}
	h.until("everything has come once", func() bool { return m.has(ids) })
}

func TestAnEndpointThatIsDownIsProbedAndComesBackWithoutBeingFlooded(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), newMoody(t, 500)
	p := storetest.Project(t, h.store)
	end := h.endpoint(p, m.URL)
	ids := h.owe(p, 400, end)
	h.until("the breaker is open", func() bool { _, flow, _ := h.lane(p, end); return strings.Contains(flow, " o") })
	if n := m.turns(func() {}); n > 20 {
		t.Errorf("%d requests came before the breaker opened", n)
	}
	h.until("it was probed", func() bool { return len(m.came()) >= 1 })
	if n := m.turns(func() { m.status, m.takes = 200, 50*time.Millisecond }); n > 3 {
		t.Errorf("%d probes came at once", n)
	}
	h.until("it took some", func() bool { return len(m.came()) >= 4 })
	if n := m.atOnce(); n > 4 {
		t.Errorf("%d were in flight at once to an endpoint that had just come back", n)
	}
	h.until("everything has come once", func() bool { return m.has(ids) })
	for _, id := range ids[:20] {
		if d, err := h.store.Delivery(t.Context(), p.ID, id); err != nil || d.State != synchook.DeliveryDelivered {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

func TestARateIsKept(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t), newMoody(t, 200)
	p := storetest.Project(t, h.store)
	e, err := h.store.CreateEndpoint(t.Context(), synchook.Caller{Project: p.ID}, synchook.Endpoint{URL: m.URL, Rate: 20, Burst: 5}, storetest.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	ids := h.owe(p, 60, e.ID)
	h.until("everything has come once", func() bool { return m.has(ids) })
	at := m.came()
	for i := range at {
		n := 0
		for _, b := range at[i:] {
			if b.Sub(at[i]) < time.Second {
				n++
			}
		}
		if n > 28 { // 20 a second and a burst of 5, as far as a loaded machine keeps time
			t.Fatalf("%d came within a second", n)
		}
	}
	if took := at[len(at)-1].Sub(at[0]); took < 2500*time.Millisecond || took > 10*time.Second {
		t.Errorf("60 took %v at 20 a second", took)
	}
}

func TestAnEndpointThatAsksToWaitGetsNothingUntilThen(t *testing.T) {
	t.Parallel()
	h, m := newHouse(t, func(o *worker.Options) { o.InFlight = 2 }), newMoody(t, 429)
	m.after = "2"
	p := storetest.Project(t, h.store)
	end := h.endpoint(p, m.URL)
	ids := h.owe(p, 10, end)
	h.until("it asked to wait", func() bool { _, flow, _ := h.lane(p, end); return strings.Contains(flow, " t") })
	came := m.turns(func() { m.status, m.after = 200, "" })
	asked := time.Now()
	h.until("everything has come once", func() bool { return m.has(ids) })
	if first := m.came()[0].Sub(asked); came > 2 || first < time.Second {
		t.Errorf("%d came before it could ask, and the next %v after it had", came, first)
	}
}
