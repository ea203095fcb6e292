package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// DeliveryPlace is how a delivery stands in its endpoint's lane.
type DeliveryPlace struct {
	Now      time.Time // by the store's clock
	InLane   bool      // it waits there, or is in flight
	InFlight bool      // an attempt is under way
	Before   int64     // how many others are due before it
	Flying   int64     // how many requests are in flight to the endpoint
	Lane     LaneStand
}

// PlacedDelivery returns a delivery without its body, and how it stands at the same moment.
func (s *Store) PlacedDelivery(ctx context.Context, p synchook.ProjectID, id synchook.DeliveryID) (synchook.Delivery, DeliveryPlace, error) {
	args := []any{string(id)}
	for _, field := range deliveryFields {
		args = append(args, field)
	}
	answer, err := s.inProject(ctx, p, placedDeliveryScript, args...).Slice()
	if err != nil {
		return synchook.Delivery{}, DeliveryPlace{}, failed("reading the delivery", err)
	}
	row, _ := answer[0].([]any)
	d, err := decodeDelivery(id, row)
	if err != nil {
		return d, DeliveryPlace{}, err
	}
	w := words(answer[1:5])
	return d, DeliveryPlace{
		Now: fromMillis(w[0]), InLane: w[1] != "", InFlight: number(w[1]) < 0,
		Before: int64(number(w[2])), Flying: int64(number(w[3])), Lane: decodeLaneStand(words(answer[5])),
	}, nil
}

// LaneStand is how the lane of an endpoint stands.
type LaneStand struct {
	Flow      string                 // the text of a webhook.Flow, which its worker told last
	Held      synchook.EndpointState // EndpointPaused or EndpointOff; empty: it is not held
	Why       string                 // it is held
	Since     time.Time              // it is held
	NotBefore time.Time              // anything is taken; zero: what is due may be
}

// laneStandFields are what a LaneStand is read from.
var laneStandFields = []string{"flow", "held", "why", "since", "nb"}

func decodeLaneStand(w []string) LaneStand {
	return LaneStand{
		Flow: w[0], Held: synchook.EndpointState(w[1]), Why: w[2], Since: fromMillis(w[3]), NotBefore: fromMillis(w[4]),
	}
}

// DeliveryTerms are what decides when deliveries to an endpoint are attempted, and how often.
type DeliveryTerms struct {
	Schedule []time.Duration // empty: the default
	Lane     LaneStand
}

// DeliveryTerms returns the terms of endpoints of any kind, in one round trip. One that was deleted has the
// project's.
func (s *Store) DeliveryTerms(ctx context.Context, p synchook.ProjectID, ends []synchook.EndpointID) (map[synchook.EndpointID]DeliveryTerms, error) {
	pipe := s.rdb.Pipeline()
	settings := s.readSettings(ctx, pipe, p)
	readers := make([]func(synchook.Settings) (DeliveryTerms, error), len(ends))
	for i, end := range ends {
		readers[i] = readTerms(ctx, pipe, p, end)
	}
	_, _ = pipe.Exec(ctx) // each reader sees its own error
	set, err := settings()
	if err != nil {
		return nil, err
	}
	all := make(map[synchook.EndpointID]DeliveryTerms, len(ends))
	for i, end := range ends {
		if all[end], err = readers[i](set); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readTerms(ctx context.Context, r redis.Cmdable, p synchook.ProjectID, end synchook.EndpointID) func(synchook.Settings) (DeliveryTerms, error) {
	row := r.HGet(ctx, key(p, "endpoint", string(end)), "f")
	lane := r.HMGet(ctx, key(p, "lane", string(synchook.DeliveryLane(end))), laneStandFields...)
	return func(set synchook.Settings) (t DeliveryTerms, err error) {
		var e synchook.Endpoint
		text, err := row.Result()
		if err == nil {
			err = fromJSON(text, &e)
		}
		if err != nil && !isNil(err) {
			return t, failed("reading the endpoint", err)
		}
		stand, err := lane.Result()
		if err != nil {
			return t, failed("reading the endpoint's lane", err)
		}
		return DeliveryTerms{Schedule: inherit(e, set).RetrySchedule, Lane: decodeLaneStand(words(stand))}, nil
	}
}
