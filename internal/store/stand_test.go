package store_test

import (
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// stand reads what has become of the world's connection lately, and when an event last came from its integration.
func (w *world) stand(t *testing.T) (synchook.ConnectionStand, time.Time) {
	t.Helper()
	c, err := w.st.Connection(t.Context(), w.p, w.Connection.ID)
	if err != nil {
		t.Fatal(err)
	}
	last, err := w.st.LastEvents(t.Context(), w.p)
	if err != nil {
		t.Fatal(err)
	}
	return c.Stand, last[w.Integration.ID]
}

func TestAConnectionTellsWhatHasBecomeOfItLately(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if stand, came := w.stand(t); stand != (synchook.ConnectionStand{}) || !came.IsZero() {
		t.Fatalf("a new connection stands as %+v; an event came at %v", stand, came)
	}
	w.accept(t, w.event("evt_1", "d-1", synchook.OutcomeUnmatched))
	stand, first := w.stand(t)
	if !stand.LastEvent.IsZero() || first.IsZero() {
		t.Errorf("an event of nobody's: %+v, it came at %v", stand, first)
	}
	a := w.event("evt_2", "d-2", synchook.OutcomeMatched)
	run := w.run("run_1")
	run.Event = a.Event.ID
	a.Runs = []synchook.Run{run}
	w.accept(t, a)
	stand, second := w.stand(t)
	if second.Before(first) || !stand.LastEvent.Equal(second) {
		t.Errorf("an event that set off a run came at %v, the connection had one at %v", second, stand.LastEvent)
	}
	_ = w.end(t, w.manual("run_2"), func(r synchook.Run) store.RunDone {
		return w.leaves(r, synchook.RunFailed, store.Bad, store.Access{Standing: store.Bad})
	})
	stand, _ = w.stand(t)
	if stand.LastRunState != synchook.RunFailed || stand.LastRun == "" || stand.LastRunEnded.IsZero() || stand.RefusedSince.IsZero() {
		t.Errorf("after a run that was refused: %+v", stand)
	}
	good := w.end(t, w.manual("run_3"), func(r synchook.Run) store.RunDone {
		return w.leaves(r, synchook.RunSucceeded, store.Good, store.Access{Standing: store.Good})
	})
	stand, _ = w.stand(t)
	if stand.LastRun != good.ID || stand.LastRunState != synchook.RunSucceeded || !stand.LastRunEnded.Equal(good.Ended) || !stand.RefusedSince.IsZero() {
		t.Errorf("after run %s, which succeeded: %+v", good.ID, stand)
	}
	if !stand.LastEvent.Equal(second) {
		t.Errorf("a run by hand changed when an event came: %v, want %v", stand.LastEvent, second)
	}
}
