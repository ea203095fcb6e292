package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// A script that runs while its slot moves would find a part of the project: no sequence number, no lane, no
// event seen before.
func TestEventsAcceptedWhileTheirSlotMovesAreAllThereOnce(t *testing.T) {
	t.Parallel()
	for name, replicas := range map[string]int{"on primaries": 0, "when replicas have them": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acceptDuringAMove(t, replicas)
		})
	}
}

func acceptDuringAMove(t *testing.T, replicas int) {
	t.Helper()
	shards := storetest.NewShards(t, 2, replicas)
	w := worldOn(t, shards.Client())
	w.st.AwaitReplicas(store.Replicas{Number: replicas, Timeout: time.Minute})
	slot, from := shards.Slot(w.key("project")), shards.Primary(w.key("project"))
	to := shards.Other(from)
	const events = 60
	for i := range events / 3 {
		w.acceptAgainAndAgain(t, i)
	}
	shards.BeginMove(slot, from, to)
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for i := events / 3; i < events; i++ {
			w.acceptAgainAndAgain(t, i)
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

// acceptAgainAndAgain accepts the i-th event as a provider has it accepted: it sends it until it is.
func (w *world) acceptAgainAndAgain(t *testing.T, i int) {
	t.Helper()
	id := fmt.Sprintf("evt_%02d", i)
	for t.Context().Err() == nil {
		_, err := w.acceptAs(t, id, id)
		if err == nil {
			return
		}
		if !synchook.IsKind(err, synchook.KindUnavailable) {
			t.Errorf("%s: %v, want the fault that a provider tries again after", id, err)
			return
		}
	}
}

func TestListsAreWholeWhileTheirSlotMoves(t *testing.T) {
	t.Parallel()
	shards := storetest.NewShards(t, 2, 0)
	w := worldOn(t, shards.Client())
	const events = 20
	for i := range events {
		w.acceptAgainAndAgain(t, i)
	}
	slot, from := shards.Slot(w.key("project")), shards.Primary(w.key("project"))
	to := shards.Other(from)
	shards.BeginMove(slot, from, to)
	for keys := shards.Keys(slot, from); len(keys) > 0; keys = shards.Keys(slot, from) {
		list, _, err := w.st.Events(t.Context(), w.p, store.EventQuery{}, store.Page{Size: 2 * events})
		if err != nil || len(list) != events {
			t.Fatalf("%d keys are left to move: %d events, %v, want %d", len(keys), len(list), err, events)
		}
		if _, err := w.st.Settings(t.Context(), w.p); err != nil {
			t.Fatalf("%d keys are left to move: %v", len(keys), err)
		}
		shards.MoveKeys(from, to, keys[:min(10, len(keys))]...)
	}
	shards.EndMove(slot, to)
}
