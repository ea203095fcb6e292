package main

import (
	"context"

	"github.com/klauspost/compress/zstd"
)

// deliveryMemory measures what a finished delivery with an empty answer takes in Redis: runs that owed
// one are compared with runs that owed none.
func deliveryMemory(ctx context.Context, b *bench) ([]sample, error) {
	n := b.scale(10_000)
	without, err := b.grown(ctx, func(h *house) error {
		p, err := h.project(ctx, "")
		if err != nil {
			return err
		}
		return h.runs(ctx, p, n, 0)
	})
	if err != nil {
		return nil, err
	}
	with, err := b.grown(ctx, func(h *house) error {
		_, err := h.drain(ctx, n, 1)
		return err
	})
	return []sample{{value: (with - without) / float64(n)}}, err
}

// eventMemory measures what an event takes in Redis that has come the whole way: its payload, its run, the
// one record that the run saved, and its delivery.
func eventMemory(ctx context.Context, b *bench) ([]sample, error) {
	n := b.scale(6000)
	grown, err := b.grown(ctx, func(h *house) error {
		_, err := h.whole(ctx, n, false)
		return err
	})
	return []sample{{value: grown / float64(n)}}, err
}

// recordMemory measures what a record takes in Redis beside its compressed payload.
func recordMemory(ctx context.Context, b *bench) ([]sample, error) {
	all := records(b.scale(10_000))
	compressed, err := compressedSize(all[0].Payload)
	if err != nil {
		return nil, err
	}
	grown, err := b.grown(ctx, func(h *house) error {
		w, err := h.writer(ctx, 1)
		if err != nil {
			return err
		}
		return h.store.SaveBatch(ctx, w, "mod_bench", all)
	})
	return []sample{{value: grown/float64(len(all)) - float64(compressed)}}, err
}

// compressedSize is what the store's compression makes of a payload.
func compressedSize(p []byte) (int, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		return 0, err
	}
	return len(w.EncodeAll(p, nil)), w.Close()
}

// grown is how many bytes Redis uses more after something was done in an empty house.
func (b *bench) grown(ctx context.Context, do func(*house) error) (float64, error) {
	h, err := newHouse(ctx, b, b.everysec)
	if err != nil {
		return 0, err
	}
	defer h.close()
	before, err := h.server.data(ctx)
	if err != nil {
		return 0, err
	}
	if err := do(h); err != nil {
		return 0, err
	}
	after, err := h.server.data(ctx)
	return after - before, err
}

// data is how many bytes Redis uses for what it keeps: without the buffers of its clients and of its
// append-only file, which come and go, and without its scripts.
func (r *redisServer) data(ctx context.Context) (float64, error) {
	used, err := r.number(ctx, "memory", "used_memory")
	for _, other := range []string{"mem_clients_normal", "mem_aof_buffer", "used_memory_scripts"} {
		var n float64
		if err == nil {
			n, err = r.number(ctx, "memory", other)
		}
		used -= n
	}
	return used, err
}
