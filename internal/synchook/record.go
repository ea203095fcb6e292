package synchook

import "time"

// Action is what last happened to a record.
type Action string

// The actions.
const (
	ActionAdded   Action = "ADDED"
	ActionUpdated Action = "UPDATED"
	ActionDeleted Action = "DELETED"
)

// Record is one thing that a sync returned, as it is kept.
type Record struct {
	ID           string
	Payload      []byte // compact JSON
	FirstSeen    time.Time
	LastModified time.Time
	LastAction   Action
	Deleted      time.Time // zero: it is not
	Cursor       string
}

// MaxRecordID is the most bytes that a record's ID may have.
const MaxRecordID = 255
