package store_test

import (
	"testing"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

func TestARecoveryIsSteered(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	w.exhaust(t, "A", "B", "C")
	r := w.recovery(t, synchook.RecoveryFilter{}, 1)
	steer := func(to synchook.RecoveryState) []synchook.Hint {
		t.Helper()
		hints, err := w.st.SteerRecovery(t.Context(), w.caller(), r.ID, to)
		if err != nil {
			t.Errorf("to %s: %v", to, err)
		}
		return hints
	}
	for range 2 { // again, it stays so
		steer(synchook.RecoveryPaused)
	}
	if n := w.work(t); n != 0 {
		t.Errorf("a paused one retried %d", n)
	}
	w.wantClean(t, "paused")
	wantHint(t, steer(synchook.RecoveryRunning), synchook.RecoveryLane(w.p))
	if n := w.work(t); n != 1 {
		t.Errorf("one that goes on retried %d, want 1", n)
	}
	w.wantClean(t, "resumed")
	for range 2 {
		steer(synchook.RecoveryCancelled)
	}
	if n := w.work(t); n != 0 {
		t.Errorf("a cancelled one retried %d", n)
	}
	wantRecovery(t, "cancelled,", w.readRecovery(t, r.ID), synchook.RecoveryCancelled, 3, 1, 0)
	w.wantClean(t, "cancelled")
	for _, to := range []synchook.RecoveryState{synchook.RecoveryPaused, synchook.RecoveryRunning} {
		_, err := w.st.SteerRecovery(t.Context(), w.caller(), r.ID, to)
		wantKind(t, err, synchook.KindState, "recovery_ended")
	}
	_, err := w.st.SteerRecovery(t.Context(), w.caller(), "rec_none", synchook.RecoveryPaused)
	wantKind(t, err, synchook.KindNotFound, "recovery_not_found")
	if n := w.rdb.LLen(t.Context(), w.key("audit")).Val(); n != 4 { // made, and steered thrice
		t.Errorf("%d audit lines, want 4", n)
	}
}

// Whoever works a recovery finds out that it was paused; by when it hands it in, it may have been resumed.
func TestARecoveryInFlightIsSteered(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		to   []synchook.RecoveryState
		left int64
	}{
		"paused":                {[]synchook.RecoveryState{synchook.RecoveryPaused}, 0},
		"cancelled":             {[]synchook.RecoveryState{synchook.RecoveryCancelled}, 0},
		"paused and resumed":    {[]synchook.RecoveryState{synchook.RecoveryPaused, synchook.RecoveryRunning}, 1},
		"left alone":            {nil, 1},
		"resumed, which it was": {[]synchook.RecoveryState{synchook.RecoveryRunning}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worldOn(t, ownServer(t))
			w.exhaust(t, "A")
			r := w.recovery(t, synchook.RecoveryFilter{}, 1)
			wantWord(t, w.turnRecoveries(t, at("a", 1)), store.TurnOK, 1)
			for _, to := range tt.to {
				if _, err := w.st.SteerRecovery(t.Context(), w.caller(), r.ID, to); err != nil {
					t.Fatal(err)
				}
			}
			leave := at("a", 2)
			leave.Leave, leave.Want = store.LeaveNow, 0
			w.turnRecoveries(t, leave, store.RecoveryDone{Recovery: r.ID})
			if n, err := w.st.Waiting(t.Context(), w.p, synchook.RecoveryLane(w.p)); n != tt.left || err != nil {
				t.Errorf("%d wait in the lane (%v), want %d", n, err, tt.left)
			}
			w.wantClean(t, name)
		})
	}
}
