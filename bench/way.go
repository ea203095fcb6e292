package main

import "context"

// senders is how many events are on their way in at a time.
const senders = 16

// way measures the whole way, with no pause: events are accepted as fast as they are taken, each runs a
// script that saves a record, and each record's webhook is received.
func way(of func(*bench) *redisServer, overHTTP bool) round {
	return func(ctx context.Context, b *bench) ([]sample, error) {
		h, err := newHouse(ctx, b, of(b))
		if err != nil {
			return nil, err
		}
		defer h.close()
		n := b.scale(6000)
		m, err := h.whole(ctx, n, overHTTP)
		if err != nil {
			return nil, err
		}
		return []sample{m.rate(n)}, nil
	}
}

// whole sends n events the whole way. The meter runs since the first is sent.
func (h *house) whole(ctx context.Context, n int, overHTTP bool) (meter, error) {
	const connections = 100
	received := newCountdown(n)
	r, err := newReceiver(func([]byte) { received.tick() })
	if err != nil {
		return meter{}, err
	}
	defer r.stop()
	a, err := h.account(ctx, r.url, saveOne, connections)
	if err != nil {
		return meter{}, err
	}
	send, stop, err := h.sender(ctx, a, overHTTP)
	if err != nil {
		return meter{}, err
	}
	defer stop()
	events := newEvents(n, connections)
	m := startMeter(h.server)
	if err := parallel(ctx, senders, n, func(i int) error { return send(events[i]) }); err != nil {
		return m, err
	}
	return m, received.wait(ctx)
}

// sender starts a worker and returns what sends it an event: through the server, or into intake.
func (h *house) sender(ctx context.Context, a account, overHTTP bool) (send func(event) error, stop func(), err error) {
	if !overHTTP {
		return func(e event) error { return h.receive(ctx, a, e) }, h.work(ctx), nil
	}
	url, stopProgram, err := h.program(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	p := newPoster(a.hook(url))
	return func(e event) error { return p.post(e.body, e.header) }, func() { p.stop(); stopProgram() }, nil
}
