package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// event returns an event of the world's integration.
func (w *world) event(id, external string, outcome synchook.Outcome) store.Accept {
	return store.Accept{
		Event: synchook.Event{
			ID: synchook.EventID(id), Integration: w.Integration.ID, ExternalID: external, Type: "issues.opened", Outcome: outcome, Size: 2,
		},
		Content: synchook.EventContent{Body: []byte("{}"), Header: map[string]string{"X-GitHub-Event": "issues"}},
	}
}

func (w *world) accept(t *testing.T, a store.Accept) store.Accepted {
	t.Helper()
	accepted, err := w.st.AcceptEvent(t.Context(), w.p, a)
	if err != nil {
		t.Fatal(err)
	}
	return accepted
}

func (w *world) readEvent(t *testing.T, id synchook.EventID) synchook.Event {
	t.Helper()
	e, err := w.st.Event(t.Context(), w.p, id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnAcceptedEventIsKeptWithItsRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	a.Runs = []synchook.Run{w.run("run_1"), w.run("run_2")}
	accepted := w.accept(t, a)
	if accepted.ID != "evt_1" || accepted.Duplicate {
		t.Errorf("accepted = %+v", accepted)
	}
	wantHint(t, accepted.Hints, w.lane())
	e := w.readEvent(t, "evt_1")
	if e.ExternalID != "x1" || e.Type != "issues.opened" || e.Outcome != synchook.OutcomeMatched || e.Accepted.IsZero() || e.Size != 2 ||
		!slices.Equal(e.Runs, []synchook.RunID{"run_1", "run_2"}) {
		t.Errorf("event = %+v", e)
	}
	c, err := w.st.EventContent(t.Context(), w.p, "evt_1")
	if err != nil || string(c.Body) != "{}" || c.Header["X-GitHub-Event"] != "issues" {
		t.Errorf("content = %+v (%v)", c, err)
	}
	if r := w.readRun(t, "run_1"); r.State != synchook.RunQueued || !r.Created.Equal(e.Accepted) {
		t.Errorf("run = %+v", r)
	}
}

func TestAnEventIsAcceptedOnceByItsExternalID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.event("evt_1", "x1", synchook.OutcomeMatched)
	first.Runs = []synchook.Run{w.run("run_1")}
	w.accept(t, first)
	second := w.event("evt_2", "x1", synchook.OutcomeMatched)
	second.Runs = []synchook.Run{w.run("run_2")}
	again := w.accept(t, second)
	if again.ID != "evt_1" || !again.Duplicate || len(again.Hints) != 0 {
		t.Errorf("the duplicate: %+v, want evt_1 and no hint", again)
	}
	_, err := w.st.Event(t.Context(), w.p, "evt_2")
	wantKind(t, err, synchook.KindNotFound, "event_not_found")
	_, err = w.st.Run(t.Context(), w.p, "run_2")
	wantKind(t, err, synchook.KindNotFound, "run_not_found")

	other := w.event("evt_3", "x1", synchook.OutcomeMatched)
	other.Event.Integration = "int_other"
	if got := w.accept(t, other); got.Duplicate {
		t.Error("another integration's event with the same ID counts as a duplicate")
	}
}

func TestSequenceNumbersIncrease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, id := range []string{"evt_c", "evt_a", "evt_b"} {
		w.accept(t, w.event(id, id, synchook.OutcomeMatched))
		if e := w.readEvent(t, synchook.EventID(id)); e.Sequence != int64(i+1) {
			t.Errorf("%s has number %d, want %d", id, e.Sequence, i+1)
		}
	}
	list, _, err := w.st.Events(t.Context(), w.p, store.EventQuery{}, store.Page{})
	if err != nil || len(list) != 3 || list[0].ID != "evt_b" || list[2].ID != "evt_c" {
		t.Errorf("newest first: %+v (%v)", list, err)
	}
}

func TestAnAcceptSentAgainGivesItsHintsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	a.Runs, a.Fanout = []synchook.Run{w.run("run_1"), w.manual("run_2")}, true
	first, again := w.accept(t, a), w.accept(t, a)
	if again.Duplicate || again.ID != "evt_1" {
		t.Errorf("sent again: %+v", again)
	}
	if len(first.Hints) != 3 || !slices.Equal(again.Hints, first.Hints) {
		t.Errorf("hints %+v, and sent again %+v", first.Hints, again.Hints)
	}
	if n, err := w.st.Waiting(t.Context(), w.p, w.lane()); err != nil || n != 1 {
		t.Errorf("%d runs wait (%v), want 1", n, err)
	}
}

func TestUnmatchedEventsHaveAListOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, outcome := range map[string]synchook.Outcome{"evt_m": synchook.OutcomeMatched, "evt_u": synchook.OutcomeUnmatched, "evt_h": synchook.OutcomeHandshake} {
		a := w.event(id, id, outcome)
		a.Event.Reason = "because"
		w.accept(t, a)
	}
	for outcome, want := range map[synchook.Outcome]synchook.EventID{
		synchook.OutcomeMatched: "evt_m", synchook.OutcomeUnmatched: "evt_u", synchook.OutcomeHandshake: "evt_h",
	} {
		list, _, err := w.st.Events(t.Context(), w.p, store.EventQuery{Outcome: outcome}, store.Page{})
		if err != nil || len(list) != 1 || list[0].ID != want || list[0].Reason != "because" {
			t.Errorf("%s: %+v (%v), want %s", outcome, list, err, want)
		}
	}
}

func TestALargeFanOutWaitsInTheProjectsLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeMatched)
	a.Fanout = true
	lane := synchook.FanoutLane(w.p)
	hint := wantHint(t, w.accept(t, a).Hints, lane)
	turn := store.Turn{Lane: lane, Generation: hint.Generation, Token: "a", Number: 1, Want: 1, Limit: 1}
	taken, err := w.st.TurnFanout(t.Context(), w.p, turn, nil)
	if err != nil || len(taken.Rows) != 1 || taken.Rows[0] != "evt_1" {
		t.Fatalf("taken = %+v (%v)", taken, err)
	}
	turn.Number, turn.Leave = 2, store.LeaveIdle
	taken, err = w.st.TurnFanout(t.Context(), w.p, turn, []store.FanoutDone{{Event: "evt_1", Again: true, Wait: time.Minute}})
	if err != nil || taken.Word != store.TurnLeft || len(taken.Hints) != 1 || taken.Hints[0].At < taken.Now.Add(time.Minute).UnixMilli() {
		t.Fatalf("a fan-out that is to be tried again in a minute: %+v (%v)", taken, err)
	}
	w.rdb.HDel(t.Context(), w.key("lane", string(lane)), "nb") // the minute is over
	turn = store.Turn{Lane: lane, Generation: taken.Hints[0].Generation, Token: "b", Number: 1, Want: 1, Limit: 1}
	if taken, err = w.st.TurnFanout(t.Context(), w.p, turn, nil); err != nil || len(taken.Rows) != 1 {
		t.Fatalf("taken again: %+v (%v)", taken, err)
	}
	turn.Number, turn.Leave = 2, store.LeaveIdle
	taken, err = w.st.TurnFanout(t.Context(), w.p, turn, []store.FanoutDone{{Event: "evt_1"}})
	if err != nil {
		t.Fatal(err)
	}
	wantWord(t, taken, store.TurnLeft, 0)
}

func TestAReplayIsANumberedOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.event("evt_1", "x1", synchook.OutcomeUnmatched)
	a.Event.Reason = "nobody there"
	w.accept(t, a)
	replay := w.event("evt_1", "x1", synchook.OutcomeMatched)
	replay.Runs = []synchook.Run{w.run("run_1")}
	hints, err := w.st.ReplayEvent(t.Context(), w.p, 1, replay)
	if err != nil {
		t.Fatal(err)
	}
	wantHint(t, hints, w.lane())
	if e := w.readEvent(t, "evt_1"); e.Replays != 1 || e.Outcome != synchook.OutcomeMatched || e.Reason != "" || len(e.Runs) != 1 {
		t.Errorf("after the replay: %+v", e)
	}
	list, _, err := w.st.Events(t.Context(), w.p, store.EventQuery{Outcome: synchook.OutcomeUnmatched}, store.Page{})
	if err != nil || len(list) != 0 {
		t.Errorf("it is still listed as unmatched: %+v (%v)", list, err)
	}
	for _, number := range []int{1, 3} {
		_, err = w.st.ReplayEvent(t.Context(), w.p, number, replay)
		wantKind(t, err, synchook.KindConflict, "replayed_meanwhile")
	}
	_, err = w.st.ReplayEvent(t.Context(), w.p, 1, w.event("evt_none", "", synchook.OutcomeMatched))
	wantKind(t, err, synchook.KindNotFound, "event_not_found")
}

func TestRunsThatAreThereAreNotAddedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "run_1")
	taken := w.turn(t, w.first("a"))
	w.turn(t, store.Turn{Lane: w.lane(), Token: "a", Number: 2, Leave: store.LeaveIdle}, w.succeeded(taken.Rows[0]))
	if hints := w.queue(t, "run_1"); len(hints) != 0 {
		t.Errorf("hints = %+v, want none", hints)
	}
	if r := w.readRun(t, "run_1"); r.State != synchook.RunSucceeded {
		t.Errorf("it was queued again: %+v", r)
	}
}

func TestTheLastRefusedWebhooksAreNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 99 {
		_ = w.st.Reject(t.Context(), w.p, w.Integration.ID, "older")
	}
	for _, reason := range []string{"a|b", "newest"} {
		if err := w.st.Reject(t.Context(), w.p, w.Integration.ID, reason); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.st.Rejected(t.Context(), w.p, w.Integration.ID)
	if err != nil || len(list) != 100 || list[0].Reason != "newest" || list[1].Reason != "a|b" || time.Since(list[0].Time) > time.Minute {
		t.Errorf("%d lines, first %+v (%v)", len(list), list[:min(2, len(list))], err)
	}
}
