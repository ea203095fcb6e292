package worker_test

import (
	"context"
	cryptorand "crypto/rand"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// fickle is an app that answers anything, and sees what must never happen: a webhook that comes while it is still under
// way, and one that comes again although it was taken and nobody asked for it.
type fickle struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex

	calm    bool     // it takes everything
	secrets []string // that were ever the endpoint's
	flying  map[string]bool
	taken   map[string]time.Time // when it took a webhook last
	asking  map[string]int       // how many have it retried now
	asked   map[string]time.Time // when somebody had it retried last
	bodies  map[string]string    // as they came first
}

func newFickle(t *testing.T) *fickle {
	t.Helper()
	f := &fickle{t: t, secrets: []string{storetest.SigningSecret}, flying: map[string]bool{}, taken: map[string]time.Time{}, asking: map[string]int{}, asked: map[string]time.Time{}, bodies: map[string]string{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// ServeHTTP takes a webhook or refuses it in one of many ways.
func (f *fickle) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	id := q.Header.Get("webhook-id")
	f.verify(q.Header, body)
	f.begins(id, string(body))
	select {
	case <-time.After(rand.N([]time.Duration{3 * time.Millisecond, 60 * time.Millisecond}[rand.IntN(2)])):
	case <-q.Context().Done():
	}
	w.WriteHeader(f.ends(id))
}

// verify wants a signature of a secret that the endpoint had.
func (f *fickle) verify(header http.Header, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, secret := range f.secrets {
		oracle, err := standardwebhooks.NewWebhook(secret)
		if err == nil && oracle.Verify(body, header) == nil {
			return
		}
	}
	f.t.Errorf("%s is signed by none of %d secrets", header.Get("webhook-id"), len(f.secrets))
}

// rotated adds a secret that the endpoint gets, before it does.
func (f *fickle) rotated(secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secrets = append(f.secrets, secret)
}

func (f *fickle) begins(id, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flying[id] {
		f.t.Errorf("%s came while it was under way", id)
	}
	if at, again := f.taken[id]; again && f.asking[id] == 0 && !f.asked[id].After(at) {
		f.t.Errorf("%s came again, and nobody had asked for it since it was taken", id)
	}
	if former, again := f.bodies[id]; again && former != body {
		f.t.Errorf("%s came as\n%s\nand as\n%s", id, former, body)
	}
	f.flying[id], f.bodies[id] = true, body
}

func (f *fickle) ends(id string) (status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.flying, id)
	status = []int{200, 204, 500, 503, 422, 410}[rand.IntN(6)]
	if f.calm {
		status = 200
	}
	if status < 300 {
		f.taken[id] = time.Now()
	}
	return status
}

// retries notes that somebody has a webhook retried from now on, until what it returns is called.
func (f *fickle) retries(id synchook.DeliveryID) (over func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asking[string(id)]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asking[string(id)]--
		f.asked[string(id)] = time.Now()
	}
}

// underWay is a webhook that is under way, if one is.
func (f *fickle) underWay() (id synchook.DeliveryID, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for one := range f.flying {
		return synchook.DeliveryID(one), true
	}
	return "", false
}

func (f *fickle) has(id synchook.DeliveryID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, taken := f.taken[string(id)]
	return taken
}

// change owes the endpoint one webhook of a connection, which may become one with others, and returns it.
func (h *house) change(p synchook.Project, con synchook.ConnectionID, end synchook.EndpointID) synchook.DeliveryID {
	ctx, now := context.Background(), time.Now()
	run := synchook.Run{ID: synchook.RunID(synchook.NewID(synchook.RunPrefix, now)), Integration: "int_1", Sync: "syn_1", Trigger: synchook.TriggerEvent, Connection: con}
	done := store.RunDone{Run: run}
	done.Run.State, done.Run.Attempts, done.Run.Started = synchook.RunSucceeded, 1, now
	d := synchook.Delivery{
		ID: synchook.SyncDeliveryID(run.ID, "Issue", end), Coalesces: true,
		Body:          webhook.SyncBody{Model: "Issue", Counts: webhook.Counts{Added: 1}, QueryTimeStamp: now}.Bytes(),
		DeliveryFacts: synchook.DeliveryFacts{Endpoint: end, Run: run.ID, Connection: con, Sync: run.Sync, Model: "Issue"},
	}
	done.Deliveries = []synchook.Delivery{d}
	turn := store.Turn{Lane: run.Lane(), Token: string(run.ID), Number: 1, Want: 1, Limit: 1}
	_, err := h.store.AddRuns(ctx, p.ID, []synchook.Run{run})
	if err == nil {
		_, err = h.store.TurnRuns(ctx, p.ID, turn, nil)
	}
	turn.Number, turn.Leave = 2, store.LeaveNow
	taken, handErr := h.store.TurnRuns(ctx, p.ID, turn, []store.RunDone{done})
	if err == nil && handErr == nil {
		err = h.queue.Send(ctx, taken.Hints...)
	}
	if err != nil || handErr != nil {
		h.t.Error(err, handErr)
	}
	return d.ID
}

// teller follows who took a webhook's place.
func (h *house) teller(p synchook.Project, id synchook.DeliveryID) synchook.Delivery {
	h.t.Helper()
	for {
		d, err := h.store.Delivery(context.Background(), p.ID, id)
		if err != nil {
			h.t.Fatal(err)
		}
		if d.State != synchook.DeliverySuperseded {
			return d
		}
		id = d.SupersededBy
	}
}

// repeatedly does something again and again until the context ends.
func repeatedly(ctx context.Context, all *sync.WaitGroup, pause time.Duration, do func()) {
	all.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(rand.N(pause)):
				do()
			}
		}
	})
}

func TestWhateverPeopleAndTheEndpointDoAtOnceNoWebhookIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	h, f := newHouse(t), newFickle(t)
	p := storetest.Project(t, h.store)
	caller, con := synchook.Caller{Project: p.ID}, h.connection(p)
	e, err := h.store.CreateEndpoint(t.Context(), caller, synchook.Endpoint{
		URL: f.URL, Coalesce: true, RetrySchedule: []time.Duration{time.Second, time.Second, time.Second},
	}, storetest.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	made := []synchook.DeliveryID{h.change(p, con, e.ID)}
	check := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	var all sync.WaitGroup
	repeatedly(ctx, &all, 40*time.Millisecond, func() {
		id := h.change(p, con, e.ID)
		mu.Lock()
		defer mu.Unlock()
		made = append(made, id)
	})
	repeatedly(ctx, &all, 20*time.Millisecond, func() {
		mu.Lock()
		id := made[len(made)-1-rand.IntN(min(len(made), 5))]
		mu.Unlock()
		if flying, ok := f.underWay(); ok && rand.IntN(2) == 0 {
			id = flying
		}
		d, err := h.store.Delivery(context.Background(), p.ID, id)
		if check(err); d.State == synchook.DeliverySuperseded {
			return // it would tell again what another one tells
		}
		defer f.retries(id)()
		hints, err := h.store.RetryDelivery(context.Background(), p.ID, d)
		check(err)
		check(h.queue.Send(context.Background(), hints...))
	})
	repeatedly(ctx, &all, 300*time.Millisecond, func() {
		check(h.store.HoldLane(context.Background(), caller, e.ID, synchook.EndpointPaused, "a test"))
	})
	repeatedly(ctx, &all, 60*time.Millisecond, func() { h.release(p, e.ID) })
	repeatedly(ctx, &all, 200*time.Millisecond, func() {
		secret, err := webhook.NewSecret(cryptorand.Reader)
		check(err)
		f.rotated(secret.Text())
		check(h.store.RotateEndpointSecret(context.Background(), caller, e.ID, secret.Text(), time.Now().Add(20*time.Millisecond)))
	})
	all.Wait()

	f.mu.Lock()
	f.calm = true
	f.mu.Unlock()
	h.release(p, e.ID)
	h.until("nothing waits any more", func() bool { _, _, n := h.lane(p, e.ID); return n == 0 })
	states := map[synchook.DeliveryState]int{}
	for _, id := range made {
		d := h.teller(p, id)
		states[d.State]++
		if d.State == synchook.DeliveryDelivered && !f.has(d.ID) || d.State != synchook.DeliveryDelivered && d.State != synchook.DeliveryExhausted {
			t.Errorf("%s, which tells what %s had to tell, is %s and came: %t", d.ID, id, d.State, f.has(d.ID))
		}
	}
	if n := len(f.secrets); n < 10 {
		t.Errorf("the secret was rotated %d times", n-1)
	}
	if len(made) < 50 || states[synchook.DeliveryDelivered] == 0 {
		t.Errorf("of %d webhooks %v", len(made), states)
	}
}
