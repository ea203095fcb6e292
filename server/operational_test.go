package server_test

import (
	"encoding/json"
	"testing"
	"time"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// giveUp hands a delivery in as given up, and returns the operational delivery that tells the same endpoint of it.
func (w *world) giveUp(d synchook.Delivery) synchook.DeliveryID {
	w.t.Helper()
	told := synchook.Delivery{
		ID: synchook.OperationalDeliveryID(synchook.DeliveryGivenUp, string(d.ID), 0, d.Endpoint), Body: []byte(`{"type":"delivery.exhausted"}`),
		DeliveryFacts: synchook.DeliveryFacts{Endpoint: d.Endpoint, Operational: synchook.DeliveryGivenUp},
	}
	d.State, d.Reason = synchook.DeliveryExhausted, "all attempts failed"
	_, err := w.store.TurnDeliveries(w.t.Context(), w.project, store.Turn{
		Lane: synchook.DeliveryLane(d.Endpoint), Token: w.token, Number: 2, Limit: 10, Leave: store.LeaveNow,
	}, []store.DeliveryDone{{Delivery: d, Deliveries: []synchook.Delivery{told}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return told.ID
}

func TestAnOperationalWebhookIsListedWithItsType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.work(w.trigger(), "succeeded", record("1", `{"id":"1"}`))
	id := string(w.giveUp(w.take("1")[0]))
	want := func(what string, d *v1.Delivery) {
		t.Helper()
		if d.GetId() != id || d.GetOperationalType() != "delivery.exhausted" || d.GetEndpointId() == "" || d.GetState() != v1.DeliveryState_DELIVERY_STATE_PENDING ||
			d.GetRunId()+d.GetProviderConfigKey()+d.GetConnectionId()+d.GetSyncName()+d.GetModel() != "" {
			t.Errorf("%s: %v", what, d)
		}
	}
	list, err := w.client.Deliveries.ListDeliveries(t.Context(), &v1.ListDeliveriesRequest{State: v1.DeliveryState_DELIVERY_STATE_PENDING})
	if err != nil || len(list.GetDeliveries()) != 1 {
		t.Fatalf("pending: %v, %v", list, err)
	}
	want("in a list", list.GetDeliveries()[0])
	got, err := w.client.Deliveries.GetDelivery(t.Context(), &v1.GetDeliveryRequest{Id: id})
	if err != nil || string(got.GetBody()) != `{"type":"delivery.exhausted"}` {
		t.Fatalf("by its ID: %v, %v", got, err)
	}
	want("by its ID", got.GetDelivery())
}

func TestATestWebhookCanBeOfEachType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(&v1.ProjectSettings{WebhookUrl: "https://one.example"}, "webhook_url")
	for number, want := range map[int32]string{
		0: "", 1: "sync.failed", 2: "sync.recovered", 3: "endpoint.disabled", 4: "endpoint.recovered", 5: "delivery.exhausted", 6: "connection.refused",
	} {
		res, err := w.client.Endpoints.SendTestWebhook(t.Context(), &v1.SendTestWebhookRequest{OperationalType: v1.OperationalType(number)})
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Type      string
			Timestamp time.Time
			Data      map[string]any
			SyncType  string
		}
		if err := json.Unmarshal(res.GetBody(), &body); err != nil || body.Type != want {
			t.Errorf("type %d is sent as %s (%v), want %q", number, res.GetBody(), err, want)
		}
		if operational := len(body.Data) > 0 && !body.Timestamp.IsZero(); operational == (want == "") || operational == (body.SyncType != "") {
			t.Errorf("type %d is sent as %s", number, res.GetBody())
		}
	}
}
