package intake

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	// noteEvery is how often a refused webhook of an integration is noted: who has no secret must not make
	// us write at will.
	noteEvery = 500 * time.Millisecond
	// idleNotes is how many integrations are remembered before those are forgotten whose time has passed.
	idleNotes = 1000
)

// refusals says which refused webhooks are noted. Its zero value is ready, and its methods may be called
// concurrently.
type refusals struct {
	mu    sync.Mutex
	notes map[synchook.IntegrationID]note
}

// note is the last one of an integration.
type note struct {
	at   time.Time
	more int // webhooks refused since then
}

// admit reports whether a refused webhook is noted, and how many before it were not.
func (r *refusals) admit(in synchook.IntegrationID, now time.Time) (bool, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.notes[in]
	if known && now.Sub(last.at) < noteEvery {
		last.more++
		r.notes[in] = last
		return false, 0
	}
	if len(r.notes) >= idleNotes {
		r.forget(now)
	}
	if r.notes == nil {
		r.notes = map[synchook.IntegrationID]note{}
	}
	r.notes[in] = note{at: now}
	return true, last.more
}

func (r *refusals) forget(now time.Time) {
	for in, n := range r.notes {
		if now.Sub(n.at) >= noteEvery {
			delete(r.notes, in)
		}
	}
}

// reject notes a webhook that was refused, unless one was a moment ago. That it cannot be noted changes
// nothing for the sender.
func (i *Intake) reject(ctx context.Context, in Incoming, cause error) {
	admitted, more := i.refused.admit(in.Integration.ID, i.Now())
	if !admitted {
		return
	}
	line := cause.Error()
	if more > 0 {
		line = fmt.Sprintf("%s (and %d more were refused since the one before)", line, more)
	}
	if err := i.Store.Reject(ctx, in.Project, in.Integration.ID, line); err != nil {
		i.Log.Warn("a refused webhook could not be noted", "integration", in.Integration.ID, "error", err)
	}
}
