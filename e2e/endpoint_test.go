package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

const twoSyncs = `
integrations:
  github:
    issues:
      type: sync
      returns: [Issue]
      webhook-subscriptions: issues
    labels:
      type: sync
      returns: [Label, Colour]
      webhook-subscriptions: issues
models:
  Issue:
    id: string
  Label:
    id: string
  Colour:
    id: string
`

// deployTwo deploys a sync "issues", which saves an Issue, and a sync "labels", which saves a Label and a Colour.
func deployTwo(t *testing.T, p *rig.Project) {
	t.Helper()
	folder := t.TempDir()
	const head = "export async function onWebhookPayloadReceived(nango: any, payload: any) {\n  const id = String(payload.issue.number);\n"
	for name, text := range map[string]string{
		"nango.yaml": twoSyncs,
		"issues.ts":  head + "  await nango.batchSave([{ id }], 'Issue');\n}\n",
		"labels.ts":  head + "  await nango.batchSave([{ id }], 'Label');\n  await nango.batchSave([{ id }], 'Colour');\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.Deploy(folder)
}

// wantModels fails unless exactly the webhooks of these models have come, each once and signed with the secret.
func wantModels(t *testing.T, name string, r *rig.Receiver, want ...string) {
	t.Helper()
	oracle, err := standardwebhooks.NewWebhook(r.Secret())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range r.Got() {
		if err := oracle.Verify([]byte(a.Raw), a.Header); err != nil {
			t.Errorf("%s got what the library refuses: %v", name, err)
		}
		got = append(got, a.Body.Model)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s got the models %v, want %v", name, got, want)
	}
}

// wantDelivered waits until nothing is pending in a project.
func wantDelivered(t *testing.T, p *rig.Project) {
	t.Helper()
	rig.Until(t, time.Minute, "everything is delivered", func() bool {
		list, err := p.Client().Deliveries.ListDeliveries(t.Context(), &synchookv1.ListDeliveriesRequest{
			State: synchookv1.DeliveryState_DELIVERY_STATE_PENDING,
		})
		return err == nil && len(list.GetDeliveries()) == 0
	})
}

func TestEachEndpointGetsExactlyWhatItsFilterAsksFor(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("filtered", "user-1")
	deployTwo(t, p)
	h.StartWorker()
	endpoints := map[string]*rig.Endpoint{
		"everything":  p.AddEndpoint(&synchookv1.Endpoint{}),
		"labels":      p.AddEndpoint(&synchookv1.Endpoint{Filter: &synchookv1.EndpointFilter{SyncNames: []string{"labels"}}}),
		"colours":     p.AddEndpoint(&synchookv1.Endpoint{Filter: &synchookv1.EndpointFilter{ProviderConfigKeys: []string{"github"}, Models: []string{"Colour"}}}),
		"elsewhere":   p.AddEndpoint(&synchookv1.Endpoint{Filter: &synchookv1.EndpointFilter{ProviderConfigKeys: []string{"gitlab"}}}),
		"operational": p.AddEndpoint(&synchookv1.Endpoint{Filter: &synchookv1.EndpointFilter{NoSyncs: true}}),
	}
	p.Push(1, rig.Now()).End()
	p.Receiver.Want(3)
	endpoints["everything"].Want(3)
	wantDelivered(t, p)
	wantModels(t, "the project's own", p.Receiver, "Colour", "Issue", "Label")
	for name, models := range map[string][]string{
		"everything": {"Colour", "Issue", "Label"}, "labels": {"Colour", "Label"}, "colours": {"Colour"}, "elsewhere": nil, "operational": nil,
	} {
		wantModels(t, name, endpoints[name].Receiver, models...)
	}
}

func TestAConnectionsOwnURLTakesThePlaceOfTheProjects(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("own", "user-1", "user-2")
	h.StartWorker()
	own, everything := rig.NewReceiver(t, p.Receiver.Secret()), p.AddEndpoint(&synchookv1.Endpoint{})
	con, err := p.Client().Connections.UpdateConnection(t.Context(), &synchookv1.UpdateConnectionRequest{
		Connection: &synchookv1.Connection{ProviderConfigKey: "github", ConnectionId: "user-2", WebhookUrl: own.URL()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"webhook_url"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Push(2, rig.Now()).End()
	everything.Want(4)
	wantDelivered(t, p)
	for name, got := range map[string][]rig.Arrival{"user-1": p.Receiver.Got(), "user-2": own.Got()} {
		if len(got) != 2 || got[0].Body.ConnectionID != name || got[1].Body.ConnectionID != name {
			t.Errorf("the receiver of %s got %v", name, got)
		}
	}
	p.Disconnect("user-2")
	if _, err := p.Client().Endpoints.GetEndpoint(t.Context(), &synchookv1.GetEndpointRequest{Id: con.GetEndpointId()}); err == nil {
		t.Error("the endpoint of a deleted connection is still there")
	}
}
