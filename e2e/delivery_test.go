package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

func TestAFailingReceiverGetsTheSameWebhookAgainWithGrowingDelays(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("failing", "user-1")
	h.StartWorker()
	p.Set(&synchookv1.ProjectSettings{RetrySchedule: []*durationpb.Duration{
		{Seconds: 1}, {Seconds: 3}, {Seconds: 6},
	}}, "retry_schedule")
	p.Receiver.Answer(500, 500, 500, 200)
	pushes := p.Push(1, rig.Now()).End()
	p.Receiver.Want(2)
	wantWaitingAttempt(t, h)
	got := p.Receiver.Want(4)
	p.WantAll(pushes)
	for i := range 2 {
		former, next := got[i+1].At.Sub(got[i].At), got[i+2].At.Sub(got[i+1].At)
		if next <= former {
			t.Errorf("after %s came %s, want growing delays", former, next)
		}
	}
	answer, err := p.Client().Deliveries.GetDelivery(t.Context(), &synchookv1.GetDeliveryRequest{Id: got[0].ID})
	if err != nil {
		t.Fatal(err)
	}
	if string(answer.GetBody()) != got[0].Raw || len(answer.GetAttemptList()) != 4 {
		t.Errorf("the delivery has %d attempts and the body %q", len(answer.GetAttemptList()), answer.GetBody())
	}
	for i, a := range answer.GetAttemptList() {
		if int(a.GetStatus()) != got[i].Status || int(a.GetNumber()) != i+1 {
			t.Errorf("attempt %d is number %d with status %d, want %d", i+1, a.GetNumber(), a.GetStatus(), got[i].Status)
		}
	}
}

// wantWaitingAttempt wants Asynqmon to show an attempt that waits, with its time and the last answer.
func wantWaitingAttempt(t *testing.T, h *rig.House) {
	t.Helper()
	var list struct {
		Tasks []struct {
			Payload       string
			NextProcessAt time.Time `json:"next_process_at"`
		}
	}
	rig.Until(t, 10*time.Second, "Asynqmon shows the waiting attempt", func() bool {
		return h.GetJSON("/queues/api/queues/deliveries/scheduled_tasks", &list) && len(list.Tasks) > 0
	})
	var payload struct {
		Attempt    string
		LastAnswer string `json:"last_answer"`
	}
	if err := json.Unmarshal([]byte(list.Tasks[0].Payload), &payload); err != nil {
		t.Fatal(err)
	}
	if payload.Attempt == "" || payload.LastAnswer == "" || list.Tasks[0].NextProcessAt.IsZero() {
		t.Errorf("Asynqmon shows %+v", list.Tasks[0])
	}
}

func TestAWaitingDeliveryExplainsItselfAndStatisticsAddUp(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("truth", "user-1")
	h.StartWorker()
	p.Set(&synchookv1.ProjectSettings{RetrySchedule: []*durationpb.Duration{{Seconds: 6}}}, "retry_schedule")
	p.Receiver.Answer(500)
	pushes := p.Push(1, rig.Now()).End()
	id := p.Receiver.Want(1)[0].ID
	deliveries := p.Client().Deliveries
	var waits *synchookv1.GetDeliveryResponse
	rig.Until(t, 5*time.Second, "the delivery waits for its second attempt", func() bool {
		answer, err := deliveries.GetDelivery(t.Context(), &synchookv1.GetDeliveryRequest{Id: id})
		waits = answer
		return err == nil && len(answer.GetReasons()) > 0 && answer.GetReasons()[0].GetKind() == synchookv1.ReasonKind_REASON_KIND_RETRY_SCHEDULE
	})
	reason := waits.GetReasons()[0]
	if !reason.GetUntilTime().AsTime().Equal(waits.GetDelivery().GetNextAttemptTime().AsTime()) || waits.GetDelivery().GetMaxAttempts() != 2 {
		t.Errorf("the delivery %v explains itself so: %v", waits.GetDelivery(), reason)
	}
	owed, err := deliveries.GetDeliveryStats(t.Context(), &synchookv1.GetDeliveryStatsRequest{})
	if err != nil || len(owed.GetBacklogs()) != 1 || owed.GetBacklogs()[0].GetOldestDeliveryId() != id {
		t.Errorf("while %s waits, this is owed: %v, %v", id, owed.GetBacklogs(), err)
	}
	got := p.Receiver.Want(2)
	p.WantAll(pushes)
	stats, err := deliveries.GetDeliveryStats(t.Context(), &synchookv1.GetDeliveryStatsRequest{Window: durationpb.New(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	all := int64(len(p.Deliveries()))
	c := stats.GetTotal()
	if c.GetCreated() != all || c.GetDelivered() != all || c.GetAttempts() != all+1 || c.GetFailedAttempts() != 1 || stats.GetPending() != 0 || len(stats.GetBacklogs()) != 0 {
		t.Errorf("of %d deliveries in %d arrivals, statistics say %v", all, len(got), stats)
	}
}
