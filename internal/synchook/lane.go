package synchook

import "strings"

// LaneKind says what waits in a lane.
type LaneKind string

// The kinds of lanes.
const (
	LaneEvent    LaneKind = "e" // runs of one (connection, sync) that events trigger
	LaneFull     LaneKind = "f" // its scheduled and manual runs
	LaneDelivery LaneKind = "d" // deliveries to one endpoint
	LaneFanout   LaneKind = "o" // events of a project whose runs are too many for one script
	LaneRecovery LaneKind = "r" // recoveries of a project
)

// LaneID names a lane within its project.
type LaneID string

// RunLane returns the lane of a (connection, sync)'s runs.
func RunLane(con ConnectionID, syn SyncID, kind LaneKind) LaneID {
	return LaneID(string(con) + "." + string(syn) + "." + string(kind))
}

// DeliveryLane returns the lane of an endpoint's deliveries.
func DeliveryLane(end EndpointID) LaneID { return LaneID(string(end) + "." + string(LaneDelivery)) }

// FanoutLane returns the lane of a project's large fan-outs.
func FanoutLane(p ProjectID) LaneID { return LaneID(string(p) + "." + string(LaneFanout)) }

// RecoveryLane returns the lane of a project's recoveries.
func RecoveryLane(p ProjectID) LaneID { return LaneID(string(p) + "." + string(LaneRecovery)) }

// Endpoint returns the endpoint of a lane of deliveries.
func (l LaneID) Endpoint() EndpointID {
	return EndpointID(strings.TrimSuffix(string(l), "."+string(LaneDelivery)))
}

// Kind returns what waits in the lane.
func (l LaneID) Kind() LaneKind { return LaneKind(l[strings.LastIndexByte(string(l), '.')+1:]) }

// Hint says that a lane wants attention. It may come late, twice or never.
type Hint struct {
	Project    ProjectID
	Lane       LaneID
	Generation int64
	At         int64 // unix milliseconds before which it is of no use; 0: now
	// Delivery is the one that waits for its first attempt until then, whatever the lane does meanwhile. Empty: the
	// hint is the lane's.
	Delivery DeliveryID
}
