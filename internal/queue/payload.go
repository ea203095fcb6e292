package queue

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hibiken/asynq"

	"github.com/synchook/synchook/internal/synchook"
)

// The queues.
const (
	Runs       = "runs"
	Deliveries = "deliveries"
	Control    = "control"
)

// All returns the names of the queues.
func All() []string { return []string{Runs, Deliveries, Control} }

// The task kinds.
const (
	TaskRuns     = "runs:lane"
	TaskLane     = "deliveries:lane"
	TaskAttempt  = "deliveries:attempt"
	TaskFanout   = "control:fanout"
	TaskRecovery = "control:recovery"
)

// Payload is what a task carries: which lane wants attention, and a few words for whoever reads it in
// Asynqmon.
type Payload struct {
	Project    synchook.ProjectID `json:"project"`
	Lane       synchook.LaneID    `json:"lane"`
	Generation int64              `json:"generation,omitempty"` // 0: any
	What       string             `json:"what"`
	Delivery   string             `json:"delivery,omitempty"`
	Endpoint   string             `json:"endpoint,omitempty"`
	Model      string             `json:"model,omitempty"`
	Type       string             `json:"type,omitempty"` // of an operational webhook
	Attempt    string             `json:"attempt,omitempty"`
	LastAnswer string             `json:"last_answer,omitempty"`
}

// Read reads a task's payload.
func Read(t *asynq.Task) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		return p, fmt.Errorf("task %s has a payload that is not ours: %w", t.Type(), err)
	}
	if p.Project == "" || !strings.Contains(string(p.Lane), ".") {
		return p, fmt.Errorf("task %s names no lane", t.Type())
	}
	return p, nil
}

// place says in which queue, and as which kind of task, hints for a lane travel.
func place(lane synchook.LaneID) (queue, kind string) {
	switch lane.Kind() {
	case synchook.LaneDelivery:
		return Deliveries, TaskLane
	case synchook.LaneFanout:
		return Control, TaskFanout
	case synchook.LaneRecovery:
		return Control, TaskRecovery
	}
	return Runs, TaskRuns
}

// describe says in words what waits in a lane.
func describe(lane synchook.LaneID) string {
	part := strings.Split(string(lane), ".")
	switch lane.Kind() {
	case synchook.LaneDelivery:
		return "deliveries to endpoint " + part[0]
	case synchook.LaneFanout:
		return "events of project " + part[0] + " that trigger more than a thousand runs"
	case synchook.LaneRecovery:
		return "recoveries of project " + part[0]
	case synchook.LaneEvent:
		return "runs of sync " + part[1] + " for connection " + part[0] + ", triggered by events"
	}
	return "runs of sync " + part[1] + " for connection " + part[0] + ", scheduled or manual"
}
