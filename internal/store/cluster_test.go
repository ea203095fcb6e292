package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// A script that runs while its slot moves would find a part of the project: no sequence number, no lane, no
// event seen before.
func TestEventsAcceptedWhileTheirSlotMovesAreAllThereOnce(t *testing.T) {
	t.Parallel()
	shards := storetest.NewShards(t, 2, 0)
	w := worldOn(t, shards.Client())
	slot, from := shards.Slot(w.key("project")), shards.Primary(w.key("project"))
	to := shards.Other(from)
	const events = 60
	accept := func(i int) {
		id := fmt.Sprintf("evt_%02d", i)
		for t.Context().Err() == nil {
			_, err := w.acceptAs(t, id, id)
			if err == nil {
				return
			}
			if !synchook.IsKind(err, synchook.KindUnavailable) {
				t.Errorf("%s: %v, want the fault that a provider tries again after", id, err)
			}
		}
	}
	for i := range events / 3 {
		accept(i)
	}
	shards.BeginMove(slot, from, to)
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for i := events / 3; i < events; i++ {
			accept(i)
		}
	})
	shards.MoveAllKeys(slot, from, to)
	shards.EndMove(slot, to)
	accepting.Wait()

	if last := w.rdb.Get(t.Context(), w.key("seq")).Val(); last != fmt.Sprint(events) {
		t.Errorf("the last sequence number is %s, want %d", last, events)
	}
	if n := w.rdb.ZCard(t.Context(), w.key("rows", string(w.lane()))).Val(); n != events {
		t.Errorf("%d runs wait in the lane, want %d", n, events)
	}
	if again, err := w.acceptAs(t, "evt_again", "evt_00"); err != nil || !again.Duplicate {
		t.Errorf("the first event once more: %+v, %v, want a duplicate", again, err)
	}
}
