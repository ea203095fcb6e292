package intake

import (
	"fmt"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

func TestRefusedWebhooksAreNotedTwiceASecondAtMost(t *testing.T) {
	t.Parallel()
	var r refusals
	now, noted, more := time.Now(), 0, 0
	for range 20_000 { // in 20 s
		if admitted, left := r.admit("int_1", now); admitted {
			noted++
			more += left
		}
		now = now.Add(time.Millisecond)
	}
	if noted != 40 || noted+more != 20_000-499 {
		t.Errorf("noted %d, which tell of %d more", noted, more)
	}
	if admitted, left := r.admit("int_2", now); !admitted || left != 0 {
		t.Error("one integration's flood hides another's first refusal")
	}
}

func TestIntegrationsWhoseRefusalsAreOldAreForgotten(t *testing.T) {
	t.Parallel()
	var r refusals
	now := time.Now()
	for n := range 3 * idleNotes {
		r.admit(synchook.IntegrationID(fmt.Sprint(n)), now)
		now = now.Add(time.Millisecond)
	}
	if len(r.notes) > idleNotes {
		t.Errorf("it remembers %d integrations", len(r.notes))
	}
}
