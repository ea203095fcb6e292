package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// latency measures, at a steady pace, how long after an event's POST is due its webhook arrives, and its
// reply. Both count from when the POST was due, so that a slow one hides no other. Those of the first second do not count:
// until then the workers have started, and compiled the script.
func latency(perSecond int) round {
	return func(ctx context.Context, b *bench) ([]sample, error) {
		n := b.scale(10*perSecond) + perSecond
		c := newClock(n)
		c.warm = perSecond
		r, err := newReceiver(c.received)
		if err != nil {
			return nil, err
		}
		defer r.stop()
		h, err := newHouse(ctx, b, b.always)
		if err != nil {
			return nil, err
		}
		defer h.close()
		a, err := h.account(ctx, r.url, saveOne, n)
		if err != nil {
			return nil, err
		}
		send, stop, err := h.sender(ctx, a, true)
		if err != nil {
			return nil, err
		}
		defer stop()
		return c.measure(ctx, h, newEvents(n, n), time.Second/time.Duration(perSecond), send)
	}
}

// clock keeps the times of events of which each has a connection of its own.
type clock struct {
	mu      sync.Mutex
	due     []time.Time
	replied []float64 // in ms
	arrived []float64
	errs    []error
	all     *countdown
	warm    int // how many of the first ones do not count
}

func newClock(n int) *clock { return &clock{due: make([]time.Time, n), all: newCountdown(n)} }

// measure sends the events and waits for their webhooks: p50 and p99 of both latencies.
func (c *clock) measure(ctx context.Context, h *house, events []event, interval time.Duration, send func(event) error) ([]sample, error) {
	m := startMeter(h.server)
	every(ctx, interval, len(events), func(i int, due time.Time) {
		c.mu.Lock()
		c.due[i] = due
		c.mu.Unlock()
		err := send(events[i])
		c.mu.Lock()
		defer c.mu.Unlock()
		c.errs = append(c.errs, err)
		if i >= c.warm {
			c.replied = append(c.replied, millis(time.Since(due)))
		}
	})
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	if err := c.all.wait(ctx); err != nil {
		return nil, err
	}
	each := m.each(len(events))
	c.mu.Lock()
	defer c.mu.Unlock()
	return []sample{
		{quantile(c.arrived, 0.5), each}, {quantile(c.arrived, 0.99), each},
		{quantile(c.replied, 0.5), each}, {quantile(c.replied, 0.99), each},
	}, nil
}

// received takes the time of a webhook. Its connection says to which event it belongs.
func (c *clock) received(body []byte) {
	now := time.Now()
	_, rest, _ := bytes.Cut(body, []byte(`"customer-`))
	number, _, _ := bytes.Cut(rest, []byte(`"`))
	var i int
	if _, err := fmt.Sscan(string(number), &i); err != nil || i >= len(c.due) {
		return
	}
	c.mu.Lock()
	if i >= c.warm {
		c.arrived = append(c.arrived, millis(now.Sub(c.due[i])))
	}
	c.mu.Unlock()
	c.all.tick()
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// latencies are the figures of latency.
func latencies(perSecond string, arrived, replied [2]string) []figure {
	return []figure{
		{name: "POST in to POST out, " + perSecond + ", p50", unit: "ms", goal: arrived[0]},
		{name: "POST in to POST out, " + perSecond + ", p99", unit: "ms", goal: arrived[1]},
		{name: "POST in to reply, always, " + perSecond + ", p50", unit: "ms", goal: replied[0]},
		{name: "POST in to reply, always, " + perSecond + ", p99", unit: "ms", goal: replied[1]},
	}
}

// accepts measures how many events are accepted while nobody works on them.
func accepts(overHTTP bool) round {
	return func(ctx context.Context, b *bench) ([]sample, error) {
		n, connections := b.scale(20_000), 100
		h, err := newHouse(ctx, b, b.always)
		if err != nil {
			return nil, err
		}
		defer h.close()
		a, err := h.account(ctx, "", saveOne, connections)
		if err != nil {
			return nil, err
		}
		url, stop, err := h.program(ctx, false)
		if err != nil {
			return nil, err
		}
		defer stop()
		p := newPoster(a.hook(url))
		defer p.stop()
		send := func(e event) error { return h.receive(ctx, a, e) }
		if overHTTP {
			send = func(e event) error { return p.post(e.body, e.header) }
		}
		events := newEvents(n, connections)
		m := startMeter(h.server)
		if err := parallel(ctx, 50, n, func(i int) error { return send(events[i]) }); err != nil {
			return nil, err
		}
		return []sample{m.rate(n)}, nil
	}
}
