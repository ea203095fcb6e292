package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// caller is who makes recoveries in the world's project.
func (w *world) caller() synchook.Caller { return synchook.Caller{Project: w.p, Key: "key_test"} }

// exhaust makes deliveries that are given up after an attempt, one for each model, and returns their IDs.
func (w *world) exhaust(t *testing.T, models ...string) []synchook.DeliveryID {
	t.Helper()
	w.owe(t, models...)
	return w.giveUp(t)
}

// giveUp takes what is due in the endpoint's lane, ten at most, and hands it in as exhausted after an attempt.
func (w *world) giveUp(t *testing.T) []synchook.DeliveryID {
	t.Helper()
	token := synchook.NewID("token_", time.Now())
	var done []store.DeliveryDone
	var ids []synchook.DeliveryID
	for _, d := range w.turnDeliveries(t, at(token, 1)).Rows {
		done, ids = append(done, attempt(d, synchook.DeliveryExhausted, 500)), append(ids, d.ID)
	}
	leave := at(token, 2)
	leave.Leave, leave.Want = store.LeaveNow, 0
	w.turnDeliveries(t, leave, done...)
	return ids
}

func (w *world) recovery(t *testing.T, f synchook.RecoveryFilter, rate float64) synchook.Recovery {
	t.Helper()
	r, hints, err := w.st.CreateRecovery(t.Context(), w.caller(), f, rate)
	if err != nil {
		t.Fatal(err)
	}
	wantHint(t, hints, synchook.RecoveryLane(w.p))
	return r
}

func (w *world) readRecovery(t *testing.T, id synchook.RecoveryID) synchook.Recovery {
	t.Helper()
	r, err := w.st.Recovery(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) recoverStep(t *testing.T, id synchook.RecoveryID) store.RecoveryStep {
	t.Helper()
	step, err := w.st.Recover(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	return step
}

// turnRecoveries takes a turn on the lane of recoveries.
func (w *world) turnRecoveries(t *testing.T, turn store.Turn, done ...store.RecoveryDone) store.Taken[synchook.RecoveryID] {
	t.Helper()
	turn.Lane = synchook.RecoveryLane(w.p)
	taken, err := w.st.TurnRecoveries(t.Context(), w.p, turn, done)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// work works the lane of recoveries until none goes on now, as a worker does, and returns how many were retried.
func (w *world) work(t *testing.T) int {
	t.Helper()
	turn, n := at(synchook.NewID("token_", time.Now()), 1), 0
	turn.Leave = store.LeaveIdle
	var done []store.RecoveryDone
	for ; ; turn.Number++ {
		taken := w.turnRecoveries(t, turn, done...)
		if taken.Word != store.TurnOK {
			return n
		}
		done = nil
		for _, id := range taken.Rows {
			step := w.recoverStep(t, id)
			n += step.Retried
			done = append(done, store.RecoveryDone{Recovery: id, Wait: step.Wait})
		}
	}
}

func wantRecovery(t *testing.T, when string, got synchook.Recovery, state synchook.RecoveryState, found, retried, skipped int64) {
	t.Helper()
	if got.State != state || got.Found != found || got.Retried != retried || got.Skipped != skipped || got.Examined != retried+skipped || got.Ended.IsZero() == state.Ended() {
		t.Errorf("%s the recovery is %+v, want it %s with %d found, %d retried and %d skipped", when, got, state, found, retried, skipped)
	}
}

func TestARecoveryRetriesWhatWasGivenUp(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	ids := w.exhaust(t, "A", "B", "C")
	w.owe(t, "Pending")
	r := w.recovery(t, synchook.RecoveryFilter{}, 0)
	wantRecovery(t, "at first", r, synchook.RecoveryRunning, 3, 0, 0)
	step := w.recoverStep(t, r.ID)
	if step.State != synchook.RecoverySucceeded || step.Retried != 3 || step.Wait != 0 {
		t.Errorf("the step = %+v, want all retried", step)
	}
	wantRecovery(t, "in the end", w.readRecovery(t, r.ID), synchook.RecoverySucceeded, 3, 3, 0)
	for _, id := range ids {
		d := w.readDelivery(t, id)
		if d.State != synchook.DeliveryPending || d.Attempts != 1 || d.Used() != 0 || !d.Ended.IsZero() || !d.Expires().After(d.Created.Add(synchook.DeliveryLifetime)) {
			t.Errorf("%s = %+v, want it to begin anew with its attempt kept", id, d)
		}
		wantListed(t, w, synchook.DeliveryPending, id)
	}
	if got := w.turnDeliveries(t, at("d", 1)).Rows; len(got) != 4 {
		t.Errorf("%d are due, want all four", len(got))
	}
	w.work(t)
	w.wantClean(t, "after a recovery")
}

func TestARecoveryWakesLanesThatSleepAndNoOthers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		field, value string
		woken        bool
	}{
		"one that sleeps": {"awake", "", true}, "one that is awake": {"awake", "1", false}, "one that is held": {"held", "paused", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.exhaust(t, "A", "B")
			w.rdb.HSet(t.Context(), w.key("lane", string(w.endpointLane())), tt.field, tt.value)
			hints := w.recoverStep(t, w.recovery(t, synchook.RecoveryFilter{}, 0).ID).Hints
			if tt.woken {
				wantHint(t, hints, w.endpointLane())
			} else if len(hints) != 0 {
				t.Errorf("hints = %+v, want none", hints)
			}
			if n, err := w.st.Waiting(t.Context(), w.p, w.endpointLane()); n != 2 || err != nil {
				t.Errorf("%d wait in the lane (%v), want both", n, err)
			}
		})
	}
}

func TestARecoveryRetriesWhatItsFilterDescribesAndNothingElse(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	w, mr := frozenWorld(t, noon)
	byModel := map[string]synchook.DeliveryID{}
	for i, model := range []string{"A", "B", "C"} { // one a minute
		mr.SetTime(noon.Add(time.Duration(i) * time.Minute))
		byModel[model] = w.exhaust(t, model)[0]
	}
	mr.SetTime(noon.Add(time.Hour))
	minute := func(n float64) time.Time { return noon.Add(time.Duration(n * float64(time.Minute))) }
	for name, tt := range map[string]struct {
		filter synchook.RecoveryFilter
		want   []string
	}{
		"everything":          {synchook.RecoveryFilter{}, []string{"A", "B", "C"}},
		"from a time on":      {synchook.RecoveryFilter{From: minute(1)}, []string{"B", "C"}},
		"until a time":        {synchook.RecoveryFilter{Before: minute(1)}, []string{"A"}},
		"a window":            {synchook.RecoveryFilter{From: minute(0.5), Before: minute(1.5)}, []string{"B"}},
		"a window of none":    {synchook.RecoveryFilter{From: minute(3), Before: minute(4)}, nil},
		"an endpoint":         {synchook.RecoveryFilter{Endpoint: w.Project.Endpoint, From: minute(1)}, []string{"B", "C"}},
		"another endpoint":    {synchook.RecoveryFilter{Endpoint: "end_other"}, nil},
		"an integration":      {synchook.RecoveryFilter{Integration: w.Integration.ID}, []string{"A", "B", "C"}},
		"another integration": {synchook.RecoveryFilter{Integration: "int_other"}, nil},
		"a connection":        {synchook.RecoveryFilter{Connection: w.Connection.ID, Before: minute(2)}, []string{"A", "B"}},
		"another connection":  {synchook.RecoveryFilter{Connection: "con_other"}, nil},
		"a sync":              {synchook.RecoveryFilter{Sync: w.Sync.Sync.ID, From: minute(2)}, []string{"C"}},
		"another sync":        {synchook.RecoveryFilter{Sync: "syn_other"}, nil},
		"a model":             {synchook.RecoveryFilter{Model: "B"}, []string{"B"}},
		"a model at another":  {synchook.RecoveryFilter{Model: "B", Before: minute(1)}, nil},
	} {
		r := w.recovery(t, tt.filter, 0)
		w.work(t)
		var got []string
		for _, model := range []string{"A", "B", "C"} {
			if w.readDelivery(t, byModel[model]).State == synchook.DeliveryPending {
				got = append(got, model)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: retried %q, want %q", name, got, tt.want)
		}
		wantRecovery(t, name, w.readRecovery(t, r.ID), synchook.RecoverySucceeded, int64(len(tt.want)), int64(len(tt.want)), 0)
		w.giveUp(t)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.exhaust(t, "A", "B")
	for name, f := range map[string]synchook.RecoveryFilter{"all": {}, "by endpoint": {Endpoint: w.Project.Endpoint}, "by sync": {Sync: w.Sync.Sync.ID}} {
		if n, _, err := w.st.CountRecovery(t.Context(), w.p, f); n != 2 || err != nil {
			t.Errorf("%s: counted %d (%v), want 2", name, n, err)
		}
	}
	for _, id := range ids {
		wantListed(t, w, synchook.DeliveryExhausted, id)
	}
	if list, _, err := w.st.Recoveries(t.Context(), w.p, store.Page{}); len(list) != 0 || err != nil {
		t.Errorf("recoveries %+v (%v), want none", list, err)
	}
	_, _, err := w.st.CountRecovery(t.Context(), "prj_none", synchook.RecoveryFilter{})
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
	_, _, err = w.st.CreateRecovery(t.Context(), synchook.Caller{Project: "prj_none"}, synchook.RecoveryFilter{}, 0)
	wantKind(t, err, synchook.KindNotFound, "project_not_found")
}

// Somebody retries one, which is given up again, before the recovery has come to it; another is given up for the first
// time meanwhile; and the endpoint of a third is gone.
func TestARecoveryPassesOverWhatHasChangedSinceItWasMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	retried := w.exhaust(t, "A")[0]
	lost := w.exhaust(t, "B")[0]
	kept := w.exhaust(t, "C")[0]
	w.owe(t, "Later")
	r := w.recovery(t, synchook.RecoveryFilter{}, 0)
	later := w.giveUp(t)[0]
	if _, err := w.st.RetryDelivery(t.Context(), w.p, w.readDelivery(t, retried)); err != nil {
		t.Fatal(err)
	}
	w.giveUp(t)
	facts := w.readDelivery(t, lost).DeliveryFacts
	facts.Endpoint = "end_gone"
	w.do(t, "HSET P:dlv:"+string(lost)+` f {"e":"end_gone"}`)
	if n := w.work(t); n != 1 {
		t.Errorf("%d were retried, want 1", n)
	}
	wantRecovery(t, "in the end", w.readRecovery(t, r.ID), synchook.RecoverySucceeded, 3, 1, 2)
	for id, want := range map[synchook.DeliveryID]synchook.DeliveryState{
		retried: synchook.DeliveryExhausted, lost: synchook.DeliveryExhausted, later: synchook.DeliveryExhausted, kept: synchook.DeliveryPending,
	} {
		if d := w.readDelivery(t, id); d.State != want {
			t.Errorf("%s is %s, want %s", d.Model, d.State, want)
		}
	}
}

func TestARecoveredDeliveryThatFailsAgainIsNotRetriedByTheSameRecovery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.exhaust(t, "A", "B", "C")
	r := w.recovery(t, synchook.RecoveryFilter{}, 1) // the first one at once
	for range 2 {
		w.recoverStep(t, r.ID)
		w.giveUp(t)
	}
	if d := w.readDelivery(t, ids[0]); d.Attempts != 2 || d.State != synchook.DeliveryExhausted || d.Base != 1 {
		t.Errorf("the first = %+v, want it retried once and given up again", d)
	}
	wantRecovery(t, "after a second's worth,", w.readRecovery(t, r.ID), synchook.RecoveryRunning, 3, 1, 0)
}

func TestARecoveryKeepsItsRate(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		rate  float64
		every time.Duration // between two steps
		steps int
		want  int
	}{
		"a step when it is due":             {2, 500 * time.Millisecond, 8, 8},
		"steps that come too early":         {2, 100 * time.Millisecond, 40, 8},
		"steps that come late":              {2, 2 * time.Second, 4, 13},
		"a worker that was away":            {2, time.Hour, 2, 1 + 11},
		"less than one a second":            {0.1, time.Second, 25, 3},
		"more than a step looks at at once": {100_000, time.Second, 2, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, mr := frozenWorld(t, noon)
			for range 4 {
				w.exhaust(t, "A", "B", "C", "D", "E", "F", "G", "H", "I", "J")
			}
			r := w.recovery(t, synchook.RecoveryFilter{}, tt.rate)
			got := 0
			for i := range tt.steps {
				mr.SetTime(noon.Add(time.Duration(i)*tt.every + 5*time.Millisecond)) // the clock was moved on by all this
				got += w.recoverStep(t, r.ID).Retried
			}
			if got != tt.want {
				t.Errorf("%d were retried, want %d", got, tt.want)
			}
		})
	}
}

func TestAStepSaysWhenTheNextOneIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exhaust(t, "A", "B", "C")
	r := w.recovery(t, synchook.RecoveryFilter{}, 0.01)
	step := w.recoverStep(t, r.ID)
	if step.Retried != 1 || step.Wait < 99*time.Second || step.Wait > 100*time.Second {
		t.Errorf("the first step = %+v, want one retried, and 100 s to wait", step)
	}
	taken := w.turnRecoveries(t, at("a", 1))
	wantWord(t, taken, store.TurnOK, 1)
	leave := at("a", 2)
	leave.Leave = store.LeaveIdle
	left := w.turnRecoveries(t, leave, store.RecoveryDone{Recovery: r.ID, Wait: step.Wait})
	wantWord(t, left, store.TurnLeft, 0)
	hint := wantHint(t, left.Hints, synchook.RecoveryLane(w.p))
	if in := time.Until(time.UnixMilli(hint.At)); in < 95*time.Second || in > 100*time.Second {
		t.Errorf("the hint comes in %v, want it when the next step is due", in)
	}
	other := w.recovery(t, synchook.RecoveryFilter{}, 0) // does not wait for the slow one
	taken = w.turnRecoveries(t, at("b", 1))
	if len(taken.Rows) != 1 || taken.Rows[0] != other.ID {
		t.Errorf("taken %v, want the other one", taken.Rows)
	}
}

func TestRecoveriesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []synchook.RecoveryID
	for range 3 {
		want = append(want, w.recovery(t, synchook.RecoveryFilter{Model: "A"}, 2.5).ID)
	}
	slices.Reverse(want)
	var got []synchook.RecoveryID
	page := store.Page{Size: 2}
	for {
		list, next, err := w.st.Recoveries(t.Context(), w.p, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			got = append(got, r.ID)
			if r.Filter.Model != "A" || r.Rate != 2.5 {
				t.Errorf("listed %+v", r)
			}
		}
		if page.Token = next; next == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	if _, err := w.st.Recovery(t.Context(), w.p, "rec_none"); !synchook.IsKind(err, synchook.KindNotFound) {
		t.Errorf("one that is none: %v", err)
	}
}

func TestARecoveryIsKeptForAWhileAfterItHasEnded(t *testing.T) {
	t.Parallel()
	w := worldOn(t, ownServer(t))
	goesOn, ended := w.recovery(t, synchook.RecoveryFilter{}, 1), w.recovery(t, synchook.RecoveryFilter{}, 1)
	if _, err := w.st.SteerRecovery(t.Context(), w.caller(), ended.ID, synchook.RecoveryCancelled); err != nil {
		t.Fatal(err)
	}
	if n := w.prune(t, time.Now().Add(-time.Minute)); n != 0 {
		t.Errorf("%d were pruned at once", n)
	}
	if n := w.prune(t, inAnHour()); n != 1 {
		t.Errorf("%d were pruned, want the one that has ended", n)
	}
	w.readRecovery(t, goesOn.ID)
	w.wantClean(t, "after pruning")
}

func TestWatchersHearHowARecoveryGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exhaust(t, "A")
	r := w.recovery(t, synchook.RecoveryFilter{}, 0)
	changes, err := w.st.WatchRecoveries(t.Context(), w.p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.SteerRecovery(t.Context(), w.caller(), r.ID, synchook.RecoveryPaused); err != nil {
		t.Fatal(err)
	}
	if _, err := w.st.SteerRecovery(t.Context(), w.caller(), r.ID, synchook.RecoveryRunning); err != nil {
		t.Fatal(err)
	}
	w.recoverStep(t, r.ID)
	for range 3 {
		if ids := <-changes; len(ids) != 1 || ids[0] != r.ID {
			t.Errorf("heard of %v, want %s", ids, r.ID)
		}
	}
}
