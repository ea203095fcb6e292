package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// Few and many are how many finished deliveries are stored when the cost of using the store is measured.
const (
	few  = 1000
	many = 1_000_000
)

// operation is something that must cost the same however much is stored.
type operation struct {
	name string
	// ready makes what it needs and returns what is timed.
	ready func(ctx context.Context, h *house, p synchook.Project) (func() error, error)
}

// operations are those whose cost is compared.
func operations() []operation {
	return []operation{
		{"a page of deliveries", listed()},
		{"a page of undelivered ones", listed(synchook.DeliveryPending, synchook.DeliveryExhausted)},
		{"a page that a filter leaves empty", searched},
		{"statistics of two days", counted},
		{"a delivery taken and handed in", claimed},
		{"a sweep", swept},
	}
}

// storedFigures are the figures of stored: each operation with few rows, and with many.
func storedFigures() []figure {
	var out []figure
	for _, o := range operations() {
		out = append(out, fewAndMany(o.name, "us")...)
	}
	return out
}

// fewAndMany are the figures of what must take as long with many deliveries as with few.
func fewAndMany(name, unit string) []figure {
	base := name + ", 1,000 stored"
	return []figure{{name: base, unit: unit}, {name: name + ", 1,000,000 stored", unit: unit, goal: "<= 1.2", ceilings: []string{base}}}
}

// stored measures what operations cost with few and with many finished deliveries in the store.
func stored(ctx context.Context, b *bench) ([]sample, error) {
	h, err := newHouse(ctx, b, b.everysec)
	if err != nil {
		return nil, err
	}
	defer h.close()
	p, err := h.finishOne(ctx)
	if err != nil {
		return nil, err
	}
	waiting := p
	waiting.Endpoint = "end_bench" // nobody works its lane
	if _, err := h.owed(ctx, waiting, store.DefaultPage); err != nil {
		return nil, err
	}
	if err := h.copies(ctx, p, few); err != nil {
		return nil, err
	}
	before, err := h.costs(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := h.copies(ctx, p, b.scale(many)-few); err != nil {
		return nil, err
	}
	after, err := h.costs(ctx, p)
	if err != nil {
		return nil, err
	}
	var out []sample
	for i := range before {
		out = append(out, sample{value: before[i]}, sample{value: after[i]})
	}
	return out, nil
}

// costs returns the median time of each operation in microseconds. They take turns, so that a busy moment
// strikes all alike.
func (h *house) costs(ctx context.Context, p synchook.Project) ([]float64, error) {
	all := operations()
	times := make([][]float64, len(all))
	for range 400 {
		for i, o := range all {
			do, err := o.ready(ctx, h, p)
			began := time.Now()
			if err == nil {
				err = do()
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", o.name, err)
			}
			times[i] = append(times[i], float64(time.Since(began).Microseconds()))
		}
	}
	medians := make([]float64, len(all))
	for i := range all {
		medians[i] = median(times[i])
	}
	return medians, nil
}

// finishOne makes a project that has one finished delivery.
func (h *house) finishOne(ctx context.Context) (synchook.Project, error) {
	received := newCountdown(1)
	r, err := newReceiver(func([]byte) { received.tick() })
	if err != nil {
		return synchook.Project{}, err
	}
	defer r.stop()
	p, err := h.project(ctx, r.url)
	if err != nil {
		return p, err
	}
	if err := h.runs(ctx, p, 1, 1); err != nil {
		return p, err
	}
	defer h.work(ctx)()
	if err := received.wait(ctx); err != nil {
		return p, err
	}
	return p, h.empty(ctx, []synchook.Project{p})
}

// copies stores n copies of the project's first delivery, which is finished. Making them one by one would take longer than all
// that is measured.
func (h *house) copies(ctx context.Context, p synchook.Project, n int) error {
	tag := "{" + string(p.ID) + "}:"
	first, err := h.rdb.ZRangeWithScores(ctx, tag+"deliveries", 0, 0).Result()
	if err != nil || len(first) == 0 {
		return fmt.Errorf("looking for the delivery to copy: %w", err)
	}
	row, err := h.rdb.Dump(ctx, tag+"dlv:"+first[0].Member.(string)).Result() //nolint:forcetypeassert // members are strings
	if err != nil {
		return err
	}
	for left := n; left > 0; left -= 1000 {
		pipe := h.rdb.Pipeline()
		for range min(left, 1000) {
			id := copyID()
			pipe.Restore(ctx, tag+"dlv:"+id, 0, row)
			pipe.ZAdd(ctx, tag+"deliveries", redis.Z{Score: first[0].Score, Member: id})
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func copyID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return synchook.DeliveryPrefix + strings.ToLower(base32.HexEncoding.EncodeToString(b[:]))
}

// listed reads the first page of deliveries in some states; none: in any.
func listed(states ...synchook.DeliveryState) func(context.Context, *house, synchook.Project) (func() error, error) {
	return func(ctx context.Context, h *house, p synchook.Project) (func() error, error) {
		return func() error {
			page, _, err := h.store.Deliveries(ctx, p.ID, store.DeliveryQuery{States: states}, store.Page{})
			if err == nil && len(page) != store.DefaultPage {
				err = fmt.Errorf("a page has %d deliveries", len(page))
			}
			return err
		}, nil
	}
}

// searched looks for deliveries of a connection that has none.
func searched(ctx context.Context, h *house, p synchook.Project) (func() error, error) {
	return func() error {
		page, _, err := h.store.Deliveries(ctx, p.ID, store.DeliveryQuery{Connection: "con_none"}, store.Page{})
		if err == nil && len(page) != 0 {
			err = fmt.Errorf("a connection that is none has %d deliveries", len(page))
		}
		return err
	}, nil
}

// counted reads the statistics of deliveries.
func counted(ctx context.Context, h *house, p synchook.Project) (func() error, error) {
	return func() error {
		_, err := h.store.DeliveryStats(ctx, p.ID, "", store.MaxStatsWindow)
		return err
	}, nil
}

// claimed takes a delivery and hands it in as delivered.
func claimed(ctx context.Context, h *house, p synchook.Project) (func() error, error) {
	c, err := h.owed(ctx, p, 1)
	if err != nil {
		return nil, err
	}
	turn := store.Turn{Lane: synchook.DeliveryLane(p.Endpoint), Token: string(c.ID), Number: 1, Want: 1, Limit: 1}
	return func() error {
		taken, err := h.store.TurnDeliveries(ctx, p.ID, turn, nil)
		if err != nil || len(taken.Rows) != 1 {
			return fmt.Errorf("taking the delivery answered %q with %d rows: %w", taken.Word, len(taken.Rows), err)
		}
		done := store.DeliveryDone{Delivery: taken.Rows[0]}
		done.Delivery.State, done.Delivery.Attempts, done.Delivery.LastStatus = synchook.DeliveryDelivered, 1, 200
		done.Attempt = &synchook.Attempt{Number: 1, Started: time.Now(), Status: 200}
		turn.Number, turn.Want, turn.Leave = 2, 0, store.LeaveNow
		_, err = h.store.TurnDeliveries(ctx, p.ID, turn, []store.DeliveryDone{done})
		return err
	}, nil
}

// owed makes n deliveries for the project's endpoint, of a connection of their own.
func (h *house) owed(ctx context.Context, p synchook.Project, n int) (synchook.Connection, error) {
	c, err := h.store.CreateConnection(ctx, p.ID, synchook.Connection{
		Integration: "int_bench", Name: copyID(), Metadata: []byte("{}"), Config: []byte("{}"),
	})
	if err == nil {
		_, err = h.batch(ctx, p, c, n, 1)
	}
	return c, err
}

// swept looks for lanes that nobody touched in time, as the sweep does.
func swept(ctx context.Context, h *house, p synchook.Project) (func() error, error) {
	return func() error {
		_, err := h.store.OverdueLanes(ctx, []synchook.ProjectID{p.ID}, 100)
		return err
	}, nil
}
