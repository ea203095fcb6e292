package server_test

import (
	"strings"
	"testing"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// tell has a worker tell how the project's endpoint does.
func (w *world) tell(told store.FlowTold) {
	w.t.Helper()
	_, err := w.store.TurnDeliveries(w.t.Context(), w.project, store.Turn{
		Lane: synchook.DeliveryLane(synchook.EndpointID(w.firstEndpoint())), Token: "tells-" + told.Text, Number: 1, Leave: store.LeaveIdle, Flow: &told,
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) resume(r *v1.ResumeEndpointRequest) *v1.ResumeEndpointResponse {
	w.t.Helper()
	res, err := w.client.Endpoints.ResumeEndpoint(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func TestAnEndpointIsPausedAndResumedByAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	id := w.firstEndpoint()
	paused, err := w.client.Endpoints.PauseEndpoint(t.Context(), &v1.PauseEndpointRequest{Id: id, Reason: "we move to another house"})
	if err != nil || paused.GetState() != v1.EndpointState_ENDPOINT_STATE_PAUSED || paused.GetReason() != "we move to another house" || time.Since(paused.GetSinceTime().AsTime()) > time.Minute {
		t.Errorf("paused: %v, %v", paused, err)
	}
	owed := w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	if e := w.endpoint(id); e.GetPending() != 1 || e.GetInFlightLimit() != 0 {
		t.Errorf("while it is paused: %v", e)
	}
	got, err := w.client.Deliveries.GetDelivery(t.Context(), &v1.GetDeliveryRequest{Id: string(owed)})
	if err != nil || len(got.GetReasons()) == 0 || got.GetReasons()[0].GetKind() != v1.ReasonKind_REASON_KIND_ENDPOINT_PAUSED {
		t.Errorf("what waits says %v, %v", got.GetReasons(), err)
	}
	sent := w.queue.sent()
	res := w.resume(&v1.ResumeEndpointRequest{Id: id})
	if e := res.GetEndpoint(); e.GetState() != v1.EndpointState_ENDPOINT_STATE_HEALTHY || e.GetReason() != "" || e.GetSinceTime() != nil || e.GetInFlightLimit() != 1 || res.GetRecoveryId() != "" {
		t.Errorf("resumed: %v", res)
	}
	if w.queue.sent() != sent+1 {
		t.Error("nobody is woken")
	}
}

func TestWhatWasGivenUpWhileAnEndpointFailedIsRecoveredWhenItIsResumed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		told    store.FlowTold
		without bool
		state   v1.EndpointState
		recover bool
	}{
		"disabled": {store.FlowTold{Text: "8 v1 s1 rit is gone", Disable: "it is gone"}, false, v1.EndpointState_ENDPOINT_STATE_DISABLED, true},
		"failing":  {store.FlowTold{Text: "1 v1 l1 g1 o1 s1 ranswered 500", Hold: time.Hour}, false, v1.EndpointState_ENDPOINT_STATE_FAILING, true},
		"healthy":  {store.FlowTold{Text: "9 v1 l9 g1"}, false, v1.EndpointState_ENDPOINT_STATE_HEALTHY, false},
		"unwanted": {store.FlowTold{Text: "1 v1 l1 g1 o1 s1 ranswered 500", Hold: time.Hour}, true, v1.EndpointState_ENDPOINT_STATE_FAILING, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.setUp()
			lost := w.givenUp()
			w.tell(tt.told)
			id := w.firstEndpoint()
			before := w.endpoint(id)
			if before.GetState() != tt.state || (before.GetReason() == "") != (tt.state == v1.EndpointState_ENDPOINT_STATE_HEALTHY) {
				t.Errorf("it is %v", before)
			}
			res := w.resume(&v1.ResumeEndpointRequest{Id: id, WithoutExhausted: tt.without})
			if (res.GetRecoveryId() != "") != tt.recover {
				t.Fatalf("resumed: %v", res)
			}
			if !tt.recover {
				return
			}
			w.recoverStep(&v1.Recovery{Id: res.GetRecoveryId()})
			if d := w.delivery(lost); d.GetState() != v1.DeliveryState_DELIVERY_STATE_PENDING {
				t.Errorf("what was given up is %v", d)
			}
			after := w.endpoint(id)
			if after.GetState() != v1.EndpointState_ENDPOINT_STATE_FAILING || !strings.HasPrefix(after.GetReason(), "it was resumed") || after.GetNextAttemptTime() != nil {
				t.Errorf("it is %v, want it probed at once", after)
			}
			if again := w.resume(&v1.ResumeEndpointRequest{Id: id}); again.GetRecoveryId() != "" {
				t.Errorf("resumed again, it recovers again: %v", again)
			}
		})
	}
}

func TestWhoPausesAnEndpointThatIsNoneIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, got := range []answer{w.call(&v1.PauseEndpointRequest{Id: "end_none"}), w.call(&v1.ResumeEndpointRequest{Id: "end_none"})} {
		wantCode(t, got, "not_found")
	}
}
