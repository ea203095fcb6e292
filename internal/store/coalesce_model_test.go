package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// coalescing plays runs, a worker and an endpoint that comes and goes, and knows what the app must be told.
type coalescing struct {
	*world
	*rand.Rand
	mr       *miniredis.Miniredis
	now      time.Time
	interval time.Duration

	owed, told map[string]int                 // records of each model
	made       synchook.DeliveryID            // last
	bodies     map[synchook.DeliveryID]string // as they were sent first
	flying     []synchook.Delivery
	token      string
	number     int
	tokens     int
}

// Whatever is owed, worked, refused and interrupted, in whatever order: in the end the app was told of each change, once,
// and no webhook came with two bodies.
func TestCoalescingLosesNothingAndTellsNothingTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w, mr := frozenWorld(t, noon)
			c := &coalescing{
				world: w, Rand: rand.New(rand.NewPCG(seed, 1)), mr: mr, now: noon,
				owed: map[string]int{}, told: map[string]int{}, bodies: map[synchook.DeliveryID]string{},
			}
			if seed%2 == 1 {
				c.interval = 3 * time.Second
			}
			for range 120 {
				c.step(t)
			}
			c.drain(t)
			for model, n := range c.owed {
				if c.told[model] != n {
					t.Errorf("the app was told of %d records of %s, want %d", c.told[model], model, n)
				}
			}
			w.wantPending(t)
			w.wantClean(t, "at the end")
		})
	}
}

func (c *coalescing) step(t *testing.T) {
	t.Helper()
	switch c.IntN(13) {
	case 0, 1, 2, 3:
		model, n := fmt.Sprint("M", c.IntN(3)), 1+c.IntN(9)
		c.made, _ = c.change(t, model, n, 1, every(c.interval))
		c.owed[model] += n
	case 4:
		c.trouble(t)
	case 5:
		c.relief(t)
	case 6:
		c.now = c.now.Add(time.Duration(c.IntN(4000)) * time.Millisecond)
		c.mr.SetTime(c.now)
	case 7:
		if c.token != "" && c.IntN(2) == 0 { // its worker dies
			c.leaseEnds(t, c.endpointLane())
			c.token, c.flying = "", nil
		}
	case 8:
		c.retry(t)
	default:
		c.work(t, c.ends)
	}
}

// retry has a person not wait.
func (c *coalescing) retry(t *testing.T) {
	t.Helper()
	if c.made == "" {
		return
	}
	if d := c.readDelivery(t, c.made); d.State == synchook.DeliveryPending {
		if _, err := c.st.RetryDelivery(t.Context(), c.p, d); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *coalescing) trouble(t *testing.T) {
	t.Helper()
	if c.IntN(2) == 0 {
		c.hold(t, synchook.EndpointPaused, "")
	} else {
		c.inTrouble(t, "flow", openBreaker)
	}
}

func (c *coalescing) relief(t *testing.T) {
	t.Helper()
	if c.IntN(2) == 0 {
		c.release(t)
	} else {
		c.outOfTrouble(t)
	}
}

// work takes a turn, in which some of what is in flight ends.
func (c *coalescing) work(t *testing.T, end func(synchook.Delivery) (store.DeliveryDone, bool)) {
	t.Helper()
	if c.token == "" {
		c.tokens++
		c.token, c.number = fmt.Sprint(c.tokens), 0
	}
	var done []store.DeliveryDone
	var still []synchook.Delivery
	for _, d := range c.flying {
		if x, over := end(d); over {
			done = append(done, x)
		} else {
			still = append(still, d)
		}
	}
	c.number++
	turn := store.Turn{Token: c.token, Number: c.number, Want: 1 + c.IntN(3), Limit: 3, Leave: store.Leave(c.IntN(3))}
	taken := c.turnDeliveries(t, turn, done...)
	if c.IntN(3) == 0 { // its reply is lost
		taken = c.turnDeliveries(t, turn, done...)
	}
	c.flying = slices.Concat(still, taken.Rows)
	for _, d := range taken.Rows {
		if former, again := c.bodies[d.ID]; again && former != string(d.Body) {
			t.Fatalf("webhook %s came as\n%s\nand as\n%s", d.ID, former, d.Body)
		}
		c.bodies[d.ID] = string(d.Body)
	}
	if taken.Word != store.TurnOK {
		c.token = ""
	}
}

// ends says how a request ends, if it does.
func (c *coalescing) ends(d synchook.Delivery) (store.DeliveryDone, bool) {
	switch c.IntN(6) {
	case 0, 1:
		c.told[d.Model] += added(d)
		return attempt(d, synchook.DeliveryDelivered, 200), true
	case 2, 3:
		failed := attempt(d, synchook.DeliveryPending, 500)
		failed.Wait = time.Duration(c.IntN(3000)) * time.Millisecond
		return failed, true
	case 4:
		return store.DeliveryDone{Delivery: d, Back: true}, true
	}
	return store.DeliveryDone{}, false
}

// added is how many records a webhook tells of.
func added(d synchook.Delivery) (n int) {
	_, counts, _ := strings.Cut(string(d.Body), `"added":`)
	n, _ = strconv.Atoi(counts[:strings.IndexByte(counts, ',')])
	return n
}

// drain has the endpoint take everything.
func (c *coalescing) drain(t *testing.T) {
	t.Helper()
	c.outOfTrouble(t)
	take := func(d synchook.Delivery) (store.DeliveryDone, bool) {
		c.told[d.Model] += added(d)
		return attempt(d, synchook.DeliveryDelivered, 200), true
	}
	for range 60 {
		c.now = c.now.Add(time.Second)
		c.mr.SetTime(c.now)
		c.work(t, take)
	}
}
