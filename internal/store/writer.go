package store

import (
	"strconv"

	"github.com/synchook/synchook/internal/synchook"
)

// Writer writes records for one run under its fencing token.
type Writer struct {
	Project    synchook.ProjectID
	Connection synchook.ConnectionID
	Run        synchook.RunID
	Lane       synchook.LaneKind // LaneEvent or LaneFull
	Fence      int64
	Track      bool // whether records that do not change are noted as seen
	Writes     *Writes
}

// Writes counts what a run wrote since it was opened. A primary that took over without all of it notices,
// and the run must be opened again. A run's writes go one by one; nil counts none.
type Writes struct{ n int }

// next is the number of the next write.
func (w *Writes) next() string {
	if w == nil {
		return ""
	}
	return strconv.Itoa(w.n + 1)
}

// made counts a write that was made. One that failed is none: the next one has its number.
func (w *Writes) made() {
	if w != nil {
		w.n++
	}
}

// String is how many writes there were, or "" if nobody counts them.
func (w *Writes) String() string {
	if w == nil {
		return ""
	}
	return strconv.Itoa(w.n)
}
