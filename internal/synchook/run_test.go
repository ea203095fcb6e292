package synchook

import (
	"slices"
	"testing"
	"time"
)

func TestAfterScriptErrorRetriesByTheScheduleAndThenFails(t *testing.T) {
	t.Parallel()
	retries := []time.Duration{10 * time.Second, time.Minute}
	tests := []struct {
		attempts int
		retries  []time.Duration
		want     Next
	}{
		{1, retries, Next{State: RunQueued, Wait: 10 * time.Second, Reason: "why"}},
		{2, retries, Next{State: RunQueued, Wait: time.Minute, Reason: "why"}},
		{3, retries, Next{State: RunFailed, Reason: "why"}},
		{9, retries, Next{State: RunFailed, Reason: "why"}},
		{1, nil, Next{State: RunFailed, Reason: "why"}},
	}
	for _, tt := range tests {
		if got := (Run{Attempts: tt.attempts}).AfterScriptError(tt.retries, "why"); got != tt.want {
			t.Errorf("after %d attempts with %v: %+v, want %+v", tt.attempts, tt.retries, got, tt.want)
		}
	}
}

func TestAfterInterruptionGivesUpWhatStopsWorkers(t *testing.T) {
	t.Parallel()
	for n := range MaxInterruptions + 2 {
		next := Run{Interruptions: n}.AfterInterruption()
		if want := n >= MaxInterruptions; (next.State == RunFailed) != want || (next.Reason != "") != want || next.Wait != 0 {
			t.Errorf("after %d interruptions: %+v", n, next)
		}
	}
}

func TestRunIDsAreTheSameForTheSameCauseOnly(t *testing.T) {
	t.Parallel()
	event := EventID(NewID(EventPrefix, time.UnixMilli(1_700_000_000_000)))
	base := EventRunID(event, 0, "con_1", "syn_1", 0)
	if base != EventRunID(event, 0, "con_1", "syn_1", 0) {
		t.Error("the same cause gives two IDs")
	}
	if !IDTime(string(base)).Equal(IDTime(string(event))) {
		t.Errorf("the run's ID is of %v, its event's of %v", IDTime(string(base)), IDTime(string(event)))
	}
	at := time.UnixMilli(1_700_000_000_000)
	ids := []RunID{
		base, EventRunID(event, 1, "con_1", "syn_1", 0), EventRunID(event, 0, "con_2", "syn_1", 0), EventRunID(event, 0, "con_1", "syn_2", 0),
		EventRunID(event, 0, "con_1", "syn_1", 1), ScheduledRunID(at, "con_1", "syn_1"), ScheduledRunID(at.Add(time.Millisecond), "con_1", "syn_1"),
		ScheduledRunID(at, "con_2", "syn_1"), ScheduledRunID(at, "con_1", "syn_2"),
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 9 {
		t.Errorf("two causes share an ID: %q", ids)
	}
}

func TestIDsSortByWhenTheyWereMade(t *testing.T) {
	t.Parallel()
	var ids []string
	for ms := range int64(200) {
		ids = append(ids, NewID(EventPrefix, time.UnixMilli(1_700_000_000_000+ms*7)))
	}
	if !slices.IsSorted(ids) {
		t.Error("later IDs sort before earlier ones")
	}
	for _, junk := range []string{"", "evt_", "evt", "evt_!!!!!!!!!!!!!!!!!!!!!!!!", "evt_short"} {
		if got := IDTime(junk); !got.IsZero() {
			t.Errorf("IDTime(%q) = %v", junk, got)
		}
	}
}

func TestEachTriggerHasItsLane(t *testing.T) {
	t.Parallel()
	for trigger, want := range map[Trigger]LaneKind{TriggerEvent: LaneEvent, TriggerSchedule: LaneFull, TriggerManual: LaneFull} {
		lane := Run{Connection: "con_1", Sync: "syn_1", Trigger: trigger}.Lane()
		if lane.Kind() != want {
			t.Errorf("%s runs wait in %s, want a lane of kind %s", trigger, lane, want)
		}
	}
	if k := DeliveryLane("end_1").Kind(); k != LaneDelivery {
		t.Errorf("deliveries wait in a lane of kind %s", k)
	}
	if k := FanoutLane("prj_1").Kind(); k != LaneFanout {
		t.Errorf("fan-outs wait in a lane of kind %s", k)
	}
}
