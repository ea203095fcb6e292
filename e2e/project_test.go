package e2e

import (
	"testing"

	"connectrpc.com/connect"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// Both projects use the same names, and GitHub's the same installation.
func TestOneProjectSeesNothingOfAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	busy, idle := h.newProject("busy", "user-1"), h.newProject("idle", "user-1")
	h.startWorker()
	pushes := busy.push(2, now()).end()
	busy.wantAll(pushes)

	if got := idle.runs(); len(got) != 0 {
		t.Errorf("the other project sees the runs %v", got)
	}
	if got := idle.records("user-1", nil); len(got) != 0 {
		t.Errorf("the other project sees the records %v", got)
	}
	if got := idle.receiver.Got(); len(got) != 0 {
		t.Errorf("the other project's receiver got %v", got)
	}
	idle.wantNothingListed()
	webhook := busy.receiver.Got()[0]
	_, err := idle.client().Events.GetEvent(t.Context(), &synchookv1.GetEventRequest{Id: pushes[0].event})
	wantNotFound(t, "the event", err)
	_, err = idle.client().Deliveries.GetDelivery(t.Context(), &synchookv1.GetDeliveryRequest{Id: webhook.ID})
	wantNotFound(t, "the delivery", err)
	_, err = idle.client().Runs.GetRun(t.Context(), &synchookv1.GetRunRequest{Id: busy.runs()[0].GetId()})
	wantNotFound(t, "the run", err)
	_, err = synchookclient.New(h.url(), idle.key, synchookclient.WithProject(busy.id)).Projects.GetProject(t.Context(), &synchookv1.GetProjectRequest{})
	if err == nil {
		t.Error("a key opens another project that the call names")
	}
}

func TestAWebhookSignedForOneProjectIsRefusedByAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, other := h.newProject("one", "user-1"), h.newProject("other", "user-1")
	a, err := one.github.Push(t.Context(), other.webhookURL(), newID(), issue{"user-1", 1, 1})
	if err != nil || a.Status != 401 {
		t.Errorf("it was answered %d, %v, want 401", a.Status, err)
	}
	other.wantNothingListed()
}

// wantNothingListed wants a project without events and deliveries.
func (p *project) wantNothingListed() {
	t := p.house.t
	t.Helper()
	events, err := p.client().Events.ListEvents(t.Context(), &synchookv1.ListEventsRequest{})
	if err != nil || len(events.GetEvents()) != 0 {
		t.Errorf("there are the events %v, %v", events.GetEvents(), err)
	}
	deliveries, err := p.client().Deliveries.ListDeliveries(t.Context(), &synchookv1.ListDeliveriesRequest{})
	if err != nil || len(deliveries.GetDeliveries()) != 0 {
		t.Errorf("there are the deliveries %v, %v", deliveries.GetDeliveries(), err)
	}
}

func wantNotFound(t *testing.T, what string, err error) {
	t.Helper()
	if connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("asking for %s of another project gave %v, want not found", what, err)
	}
}
