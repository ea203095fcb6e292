package store

import (
	"fmt"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// longestInterval is the longest minimum interval that the contract allows: when something was sent last is kept for
// no longer.
const longestInterval = 24 * time.Hour

// coalescing says how a delivery that is about to be made may become one with others, as lua/coalesce.lua reads it.
func coalescing(d synchook.Delivery) string {
	if !d.Coalesces {
		return ""
	}
	return fmt.Sprintf("%d:%s.%s.%s", d.Interval.Milliseconds(), d.Connection, d.Sync, d.Model)
}
