package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
	"github.com/synchook/synchook/worker"
)

// blackHole takes requests and never answers, until the test ends.
type blackHole struct {
	*httptest.Server
	hanging atomic.Int64
	fill    func() // answers all
}

func newBlackHole(t *testing.T) *blackHole {
	t.Helper()
	full := make(chan struct{})
	b := &blackHole{fill: sync.OnceFunc(func() { close(full) })}
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		b.hanging.Add(1)
		defer b.hanging.Add(-1)
		select {
		case <-full:
		case <-q.Context().Done():
		}
	}))
	t.Cleanup(func() { b.fill(); b.Close() })
	return b
}

// endpoint adds an endpoint to the project.
func (h *house) endpoint(p synchook.Project, url string) synchook.EndpointID {
	h.t.Helper()
	e, err := h.store.CreateEndpoint(context.Background(), synchook.Caller{Project: p.ID}, synchook.Endpoint{URL: url}, storetest.SigningSecret)
	if err != nil {
		h.t.Fatal(err)
	}
	return e.ID
}

// owe owes each of the endpoints n deliveries, as a run does that is handed in, and returns them.
func (h *house) owe(p synchook.Project, n int, ends ...synchook.EndpointID) []synchook.DeliveryID {
	h.t.Helper()
	ctx, now := context.Background(), time.Now()
	run := synchook.Run{
		ID:          synchook.RunID(synchook.NewID(synchook.RunPrefix, now)),
		Integration: "int_1", Sync: "syn_1", Trigger: synchook.TriggerEvent,
		Connection: h.connection(p),
	}
	done := store.RunDone{Run: run}
	done.Run.State, done.Run.Attempts, done.Run.Started = synchook.RunSucceeded, 1, now
	var ids []synchook.DeliveryID
	for _, end := range ends {
		for i := range n {
			model := fmt.Sprintf("Model%d", i)
			d := synchook.Delivery{
				ID: synchook.SyncDeliveryID(run.ID, model, end), Body: webhook.SyncBody{Model: model, QueryTimeStamp: now}.Bytes(),
				DeliveryFacts: synchook.DeliveryFacts{Endpoint: end, Run: run.ID, Connection: run.Connection, Sync: run.Sync, Model: model},
			}
			done.Deliveries, ids = append(done.Deliveries, d), append(ids, d.ID)
		}
	}
	if _, err := h.store.AddRuns(ctx, p.ID, []synchook.Run{run}); err != nil {
		h.t.Fatal(err)
	}
	turn := store.Turn{Lane: run.Lane(), Token: string(run.ID), Number: 1, Want: 1, Limit: 1}
	if _, err := h.store.TurnRuns(ctx, p.ID, turn, nil); err != nil {
		h.t.Fatal(err)
	}
	turn.Number, turn.Leave = 2, store.LeaveNow
	taken, err := h.store.TurnRuns(ctx, p.ID, turn, []store.RunDone{done})
	if err == nil {
		err = h.queue.Send(ctx, taken.Hints...)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return ids
}

// connection makes a connection in the project.
func (h *house) connection(p synchook.Project) synchook.ConnectionID {
	h.t.Helper()
	c, err := h.store.CreateConnection(context.Background(), p.ID, synchook.Connection{
		Integration: "int_1", Name: synchook.NewID("user_", time.Now()), Metadata: []byte("{}"), Config: []byte("{}"),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c.ID
}

// endpoints adds n endpoints of one URL to the project.
func (h *house) endpoints(p synchook.Project, n int, url string) []synchook.EndpointID {
	h.t.Helper()
	ends := make([]synchook.EndpointID, n)
	for i := range ends {
		ends[i] = h.endpoint(p, url)
	}
	return ends
}

func TestEndpointsThatNeverAnswerHoldNobodyUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *worker.Options) { o.Deliveries = 100 })
	hole, r := newBlackHole(t), newReceiver(t)
	p, other := storetest.Project(t, h.store), storetest.Project(t, h.store)
	h.owe(p, 1, h.endpoints(p, 150, hole.URL)...)
	healthy := h.endpoint(other, r.URL)
	h.until("as many endpoints hang as the worker has slots", func() bool { return hole.hanging.Load() >= 100 })
	for range 3 {
		began := time.Now()
		h.owe(other, 1, healthy)
		if q := r.want(t); q.at.Sub(began) > 2*time.Second {
			t.Errorf("the webhook came after %v", q.at.Sub(began))
		}
	}
}

func TestAProjectOfManyEndpointsThatHangLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *worker.Options) { o.Posts, o.Deliveries = 40, 20 })
	hole, r := newBlackHole(t), newReceiver(t)
	p, other := storetest.Project(t, h.store), storetest.Project(t, h.store)
	healthy := h.endpoint(other, r.URL)
	h.owe(p, 3, h.endpoints(p, 200, hole.URL)...)
	h.until("half of what may be in flight hangs", func() bool { return hole.hanging.Load() >= 16 })
	for range 3 {
		began := time.Now()
		h.owe(other, 5, healthy)
		for range 5 {
			if q := r.want(t); q.at.Sub(began) > 3*time.Second {
				t.Errorf("a webhook came after %v", q.at.Sub(began))
			}
		}
	}
	if n := hole.hanging.Load(); n > 35 {
		t.Errorf("%d hang, which leaves too few of 40", n)
	}
}

func TestASlowEndpointHasItsShareBesideManyThatHang(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *worker.Options) {
		o.Posts, o.Deliveries = 40, 20
		o.Sender = webhook.NewSender(webhook.Options{Transport: http.DefaultTransport, Timeout: 4 * time.Second})
	})
	hole, r := newBlackHole(t), newReceiver(t)
	r.Config.Handler = slowly(1200*time.Millisecond, r.Config.Handler)
	p, other := storetest.Project(t, h.store), storetest.Project(t, h.store)
	sluggish := h.endpoint(other, r.URL)
	h.owe(p, 3, h.endpoints(p, 60, hole.URL)...)
	h.until("some hang", func() bool { return hole.hanging.Load() >= 8 })
	h.owe(other, 10, sluggish)
	for range 10 {
		r.want(t)
	}
}

// slowly answers after a while.
func slowly(after time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		select {
		case <-time.After(after):
		case <-q.Context().Done():
		}
		next.ServeHTTP(w, q)
	})
}

func TestAnEndpointThatHangsIsSentWhatComesWhileItHangs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	hole := newBlackHole(t)
	p := storetest.Project(t, h.store)
	end := h.endpoint(p, hole.URL)
	for n := range int64(3) {
		h.owe(p, 1, end)
		began := time.Now()
		h.until("the next request hangs beside the others", func() bool { return hole.hanging.Load() == n+1 })
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("request %d came after %v", n+1, took)
		}
	}
}

func TestAWorkerThatStopsGivesBackWhatIsNotAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *worker.Options) { o.StopTimeout = 2 * time.Second })
	hole := newBlackHole(t)
	p := storetest.Project(t, h.store)
	ends := h.endpoints(p, 3, hole.URL)
	ids := h.owe(p, 2, ends...)
	h.until("all requests hang", func() bool { return hole.hanging.Load() == int64(len(ids)) })
	began := time.Now()
	h.stop()
	if took := time.Since(began); took < time.Second || took > 4*time.Second {
		t.Errorf("the stop took %v, want about its timeout of 2 s", took)
	}
	for _, id := range ids {
		if d, err := h.store.Delivery(t.Context(), p.ID, id); err != nil || d.State != synchook.DeliveryPending || d.Attempts != 0 {
			t.Errorf("delivery %+v, %v, want it as if it had never been taken", d, err)
		}
	}
	for _, end := range ends {
		lane := synchook.DeliveryLane(end)
		if token := h.rdb.HGet(t.Context(), "{"+string(p.ID)+"}:lane:"+string(lane), "tok").Val(); token != "" {
			t.Errorf("the lane of %s still belongs to %s", end, token)
		}
	}
}

// flawed is a sender that panics at first.
type flawed struct {
	worker.Sender
	panics atomic.Int64
}

func (f *flawed) Send(ctx context.Context, m webhook.Message) webhook.Attempt {
	if f.panics.Add(-1) >= 0 {
		panic("a bug")
	}
	return f.Sender.Send(ctx, m)
}

func TestADeliveryWhoseAttemptPanicsIsNotLost(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *worker.Options) {
		f := &flawed{Sender: o.Sender}
		f.panics.Store(1)
		o.Sender = f
	})
	r := newReceiver(t)
	p := storetest.Project(t, h.store)
	h.owe(p, 2, h.endpoint(p, r.URL))
	r.want(t)
	r.want(t)
}
