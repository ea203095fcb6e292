package e2e

import (
	"testing"

	"connectrpc.com/connect"

	synchookclient "github.com/synchook/synchook/clients/go"
	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// Both projects use the same names, and GitHub's the same installation.
func TestOneProjectSeesNothingOfAnother(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	busy, idle := h.NewProject("busy", "user-1"), h.NewProject("idle", "user-1")
	h.StartWorker()
	pushes := busy.Push(2, rig.Now()).End()
	busy.WantAll(pushes)

	if got := idle.Runs(); len(got) != 0 {
		t.Errorf("the other project sees the runs %v", got)
	}
	if got := idle.Records("user-1", nil); len(got) != 0 {
		t.Errorf("the other project sees the records %v", got)
	}
	if got := idle.Receiver.Got(); len(got) != 0 {
		t.Errorf("the other project's receiver got %v", got)
	}
	wantNothingListed(t, idle)
	webhook := busy.Receiver.Got()[0]
	_, err := idle.Client().Events.GetEvent(t.Context(), &synchookv1.GetEventRequest{Id: pushes[0].Event})
	wantNotFound(t, "the event", err)
	_, err = idle.Client().Deliveries.GetDelivery(t.Context(), &synchookv1.GetDeliveryRequest{Id: webhook.ID})
	wantNotFound(t, "the delivery", err)
	_, err = idle.Client().Runs.GetRun(t.Context(), &synchookv1.GetRunRequest{Id: busy.Runs()[0].GetId()})
	wantNotFound(t, "the run", err)
	_, err = synchookclient.New(h.URL(), idle.Key, synchookclient.WithProject(busy.ID)).Projects.GetProject(t.Context(), &synchookv1.GetProjectRequest{})
	if err == nil {
		t.Error("a key opens another project that the call names")
	}
}

func TestAWebhookSignedForOneProjectIsRefusedByAnother(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	one, other := h.NewProject("one", "user-1"), h.NewProject("other", "user-1")
	a, err := one.GitHub.Push(t.Context(), other.WebhookURL(), rig.NewID(), rig.Issue{Connection: "user-1", Installation: 1, Number: 1})
	if err != nil || a.Status != 401 {
		t.Errorf("it was answered %d, %v, want 401", a.Status, err)
	}
	wantNothingListed(t, other)
}

// wantNothingListed wants a project without events and deliveries.
func wantNothingListed(t *testing.T, p *rig.Project) {
	t.Helper()
	events, err := p.Client().Events.ListEvents(t.Context(), &synchookv1.ListEventsRequest{})
	if err != nil || len(events.GetEvents()) != 0 {
		t.Errorf("there are the events %v, %v", events.GetEvents(), err)
	}
	deliveries, err := p.Client().Deliveries.ListDeliveries(t.Context(), &synchookv1.ListDeliveriesRequest{})
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
