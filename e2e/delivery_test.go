package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

func TestAFailingReceiverGetsTheSameWebhookAgainWithGrowingDelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.newProject("failing", "user-1")
	h.startWorker()
	p.set(&synchookv1.ProjectSettings{RetrySchedule: []*durationpb.Duration{
		{Seconds: 1}, {Seconds: 3}, {Seconds: 6},
	}}, "retry_schedule")
	p.receiver.Answer(500, 500, 500, 200)
	pushes := p.push(1, now()).end()
	p.receiver.Want(2)
	h.wantWaitingAttempt()
	got := p.receiver.Want(4)
	p.wantAll(pushes)
	for i := range 2 {
		former, next := got[i+1].At.Sub(got[i].At), got[i+2].At.Sub(got[i+1].At)
		if next <= former {
			t.Errorf("after %s came %s, want growing delays", former, next)
		}
	}
	answer, err := p.client().Deliveries.GetDelivery(t.Context(), &synchookv1.GetDeliveryRequest{Id: got[0].ID})
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
func (h *house) wantWaitingAttempt() {
	t := h.t
	t.Helper()
	var list struct {
		Tasks []struct {
			Payload       string
			NextProcessAt time.Time `json:"next_process_at"`
		}
	}
	until(t, 10*time.Second, "Asynqmon shows the waiting attempt", func() bool {
		return h.getJSON("/queues/api/queues/deliveries/scheduled_tasks", &list) && len(list.Tasks) > 0
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

// getJSON reads a page of the admin's.
func (h *house) getJSON(path string, into any) bool {
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url()+path, nil)
	if err != nil {
		return false
	}
	req.SetBasicAuth("admin", adminKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK && json.NewDecoder(resp.Body).Decode(into) == nil
}
