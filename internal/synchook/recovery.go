package synchook

import (
	"fmt"
	"time"
)

// RecoveryState is where a recovery stands. The state machine is drawn in doc.go.
type RecoveryState string

// The states of a recovery.
const (
	RecoveryRunning   RecoveryState = "running"
	RecoveryPaused    RecoveryState = "paused"
	RecoverySucceeded RecoveryState = "succeeded"
	RecoveryCancelled RecoveryState = "cancelled"
)

// Ended reports whether a recovery in this state does nothing any more.
func (s RecoveryState) Ended() bool { return s == RecoverySucceeded || s == RecoveryCancelled }

// RecoveryFilter describes deliveries that were given up. An empty field describes all. Scripts of the store read
// the fields with short names.
type RecoveryFilter struct {
	From        time.Time     `json:"from,omitzero"`   // made then or later
	Before      time.Time     `json:"before,omitzero"` // made before then
	Endpoint    EndpointID    `json:"e,omitempty"`
	Integration IntegrationID `json:"i,omitempty"`
	Connection  ConnectionID  `json:"c,omitempty"`
	Sync        SyncID        `json:"s,omitempty"`
	Model       string        `json:"m,omitempty"`
}

// Recovery is a job that attempts deliveries again which were given up before it was made.
type Recovery struct {
	ID       RecoveryID
	Filter   RecoveryFilter
	Rate     float64 // how many a second at most; zero: as fast as it goes
	State    RecoveryState
	Found    int64 // how many the filter described when it was made
	Examined int64 // of these, how many it has looked at
	Retried  int64 // how many it has made pending again
	Skipped  int64 // how many it passed over
	Created  time.Time
	Ended    time.Time // zero: it has not
}

// Reason says in a sentence why the recovery stands as it does.
func (r Recovery) Reason() string {
	switch {
	case r.State == RecoveryPaused:
		return fmt.Sprintf("a person paused it; %d of %d are left", r.Found-r.Examined, r.Found)
	case r.State == RecoveryCancelled:
		return fmt.Sprintf("a person cancelled it; %d of %d were left", r.Found-r.Examined, r.Found)
	case r.State == RecoverySucceeded && r.Found == 0:
		return "nothing that the filter describes had been given up"
	case r.State == RecoverySucceeded && r.Skipped == 0:
		return fmt.Sprintf("all %d are pending again", r.Retried)
	case r.State == RecoverySucceeded:
		return fmt.Sprintf("%d of %d are pending again; the others had been retried meanwhile, or they or their endpoints were removed", r.Retried, r.Found)
	case r.Rate > 0:
		return fmt.Sprintf("it makes deliveries pending again, the oldest first, %g a second at most", r.Rate)
	}
	return "it makes deliveries pending again, the oldest first"
}
