package synchook

import (
	"fmt"
	"strconv"
	"time"
)

// RunState is where a run stands. The state machine is drawn in doc.go.
type RunState string

// The states of a run.
const (
	RunQueued    RunState = "queued"
	RunRunning   RunState = "running"
	RunSucceeded RunState = "succeeded"
	RunFailed    RunState = "failed"
	RunCancelled RunState = "cancelled"
)

// Ended reports whether nothing more happens to a run in this state.
func (s RunState) Ended() bool { return s == RunSucceeded || s == RunFailed || s == RunCancelled }

// Trigger is why a run exists.
type Trigger string

// The triggers.
const (
	TriggerEvent    Trigger = "event"
	TriggerSchedule Trigger = "schedule"
	TriggerManual   Trigger = "manual"
)

// Lane returns the kind of lane in which runs of this trigger wait, so that a webhook never waits
// behind a long backfill.
func (t Trigger) Lane() LaneKind {
	if t == TriggerEvent {
		return LaneEvent
	}
	return LaneFull
}

// MaxInterruptions is how often a run's worker may stop before the run is given up.
const MaxInterruptions = 5

// Run is one execution of a sync for a connection.
type Run struct {
	ID            RunID
	Integration   IntegrationID
	Connection    ConnectionID
	Sync          SyncID
	Trigger       Trigger
	Event         EventID // empty: no event triggered it
	Item          int     // which item of the event
	State         RunState
	Attempts      int // how often its script was started
	Interruptions int // how often its worker stopped meanwhile
	Error         string
	Counts        map[string]Counts // by model name
	Created       time.Time
	Started       time.Time // the first script start; zero: none yet
	Ended         time.Time
	NotBefore     time.Time // when the next attempt is due; zero: now
	Initial       bool      // whether the webhooks say INITIAL
	Deliveries    []DeliveryID
	CancelWanted  bool
	Trace         string // the span that it goes on from, as W3C Trace Context writes it; empty: none
}

// Lane returns the lane in which the run waits.
func (r Run) Lane() LaneID { return RunLane(r.Connection, r.Sync, r.Trigger.Lane()) }

// Counts are the net changes of a run to the records of one model.
type Counts struct {
	Added   int64 `json:"added"`
	Updated int64 `json:"updated"`
	Deleted int64 `json:"deleted"`
}

// IsZero reports whether nothing changed.
func (c Counts) IsZero() bool { return c == Counts{} }

// EventRunID returns the ID of the run that an event's item triggers: the same each time, so that a
// repeated fan-out makes no second run, and another for each replay.
func EventRunID(event EventID, item int, con ConnectionID, syn SyncID, replay int) RunID {
	return RunID(DerivedID(RunPrefix, IDTime(string(event)),
		string(event), strconv.Itoa(item), string(con), string(syn), strconv.Itoa(replay)))
}

// ScheduledRunID returns the ID of the run that is due at that time: the same whoever schedules it.
func ScheduledRunID(due time.Time, con ConnectionID, syn SyncID) RunID {
	return RunID(DerivedID(RunPrefix, due, "schedule", strconv.FormatInt(due.UnixMilli(), 10), string(con), string(syn)))
}

// Next is a judgement: what becomes of a run whose attempt has ended.
type Next struct {
	State  RunState
	Wait   time.Duration // before the next attempt, when State is RunQueued
	Reason string
}

// AfterScriptError judges a run whose script failed: run it again after a wait, or give it up. It
// expects Attempts to count the attempt that has just failed.
func (r Run) AfterScriptError(retries []time.Duration, reason string) Next {
	if r.Attempts <= len(retries) {
		return Next{State: RunQueued, Wait: retries[r.Attempts-1], Reason: reason}
	}
	return Next{State: RunFailed, Reason: reason}
}

// AfterInterruption judges a run whose worker stopped while it was under way: run it again at once,
// unless it seems to be what stops the workers. It expects Interruptions to count the latest one.
func (r Run) AfterInterruption() Next {
	if r.Interruptions < MaxInterruptions {
		return Next{State: RunQueued}
	}
	return Next{State: RunFailed, Reason: fmt.Sprintf("the run stopped its worker %d times, so it was given up; look at the worker's log and memory before retrying it", r.Interruptions)}
}
