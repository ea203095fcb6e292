package synchook

import "time"

// Outcome is what became of an event when it was accepted or last replayed.
type Outcome string

// The outcomes.
const (
	OutcomeMatched   Outcome = "matched"   // it triggered runs
	OutcomeUnmatched Outcome = "unmatched" // it triggered none, and the reason says why
	OutcomeHandshake Outcome = "handshake" // it only greets
)

// Event is one verified incoming webhook.
type Event struct {
	ID          EventID
	Integration IntegrationID
	ExternalID  string // the provider's own ID, or a hash of the body
	Type        string
	Outcome     Outcome
	Reason      string
	Accepted    time.Time
	Sequence    int64
	Runs        []RunID // the first 100
	Replays     int
	Size        int64  // of the body, in bytes
	Trace       string // the span of its arrival, as W3C Trace Context writes it; empty: none
}

// EventContent is what came with an event and is too large for lists.
type EventContent struct {
	Body   []byte
	Header map[string]string // without signatures and credentials
}

// RejectedEvent is an incoming webhook that was refused and not stored.
type RejectedEvent struct {
	Time   time.Time
	Reason string
}

// DedupeWindow is how long an event's external ID is remembered.
const DedupeWindow = 7 * 24 * time.Hour
