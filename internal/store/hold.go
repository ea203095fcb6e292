package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// HoldLane holds the lane of an endpoint, which is synchook.EndpointPaused or EndpointOff from now on, until
// ReleaseLane: what it is owed waits. Attempts in flight end, and are handed in.
func (s *Store) HoldLane(ctx context.Context, c synchook.Caller, end synchook.EndpointID, kind synchook.EndpointState, why string) error {
	audit := toJSON(map[string]any{"time": s.now().UTC(), "key": c.Key, "admin": c.Admin, "endpoint_held": end, "state": kind, "why": why})
	err := s.inProject(ctx, c.Project, holdScript, string(synchook.DeliveryLane(end)), string(kind), why, audit).Err()
	if isNil(err) { // it answers nothing
		return nil
	}
	return failed("holding the endpoint's lane", err)
}

// ReleaseLane lets what waits for an endpoint go again, beginning with one request at a time, whether its lane
// was held, waited for a probe, or neither. It returns the hints to be sent.
func (s *Store) ReleaseLane(ctx context.Context, c synchook.Caller, end synchook.EndpointID) ([]synchook.Hint, error) {
	audit := toJSON(map[string]any{"time": s.now().UTC(), "key": c.Key, "admin": c.Admin, "endpoint_released": end})
	answer, err := s.inProject(ctx, c.Project, releaseScript, string(synchook.DeliveryLane(end)), audit).Slice()
	return hints(c.Project, answer), failed("releasing the endpoint's lane", err)
}

// EndpointLane is an endpoint's lane as a person wants to know it.
type EndpointLane struct {
	LaneStand
	Pending int64 // deliveries that wait for it or are in flight
}

// EndpointLanes returns the lanes of endpoints, in their order. One that was never used holds nothing.
func (s *Store) EndpointLanes(ctx context.Context, p synchook.ProjectID, ends []synchook.EndpointID) ([]EndpointLane, error) {
	pipe := s.rdb.Pipeline()
	stands, pending := make([]*redis.SliceCmd, len(ends)), make([]*redis.IntCmd, len(ends))
	for i, end := range ends {
		lane := string(synchook.DeliveryLane(end))
		stands[i] = pipe.HMGet(ctx, key(p, "lane", lane), laneStandFields...)
		pending[i] = pipe.ZCard(ctx, key(p, "rows", lane))
	}
	if _, err := pipe.Exec(ctx); err != nil && len(ends) > 0 {
		return nil, failed("reading the endpoints' lanes", err)
	}
	lanes := make([]EndpointLane, len(ends))
	for i := range ends {
		lanes[i] = EndpointLane{decodeLaneStand(words(stands[i].Val())), pending[i].Val()}
	}
	return lanes, nil
}
