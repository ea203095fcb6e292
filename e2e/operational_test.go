package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	synchookclient "github.com/synchook/synchook/clients/go"
	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// deployMoody deploys a sync that fails for the issues 2 and 3.
func deployMoody(t *testing.T, p *rig.Project) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"nango.yaml": "integrations:\n  github:\n    moody:\n      type: sync\n      returns: [Issue]\n      webhook-subscriptions: issues\n" +
			"models:\n  Issue:\n    id: string\n",
		"moody.ts": "export async function onWebhookPayloadReceived(nango: any, payload: any) {\n" +
			"  const { number } = payload.issue;\n  if (number === 2 || number === 3) throw new Error(`not today: ${number}`);\n" +
			"  await nango.batchSave([{ id: String(number) }], 'Issue');\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.Deploy(folder)
}

// watch makes an endpoint that gets operational webhooks of these types and nothing else.
func watch(p *rig.Project, types ...synchookv1.OperationalType) *rig.Endpoint {
	return p.AddEndpoint(&synchookv1.Endpoint{
		Filter: &synchookv1.EndpointFilter{NoSyncs: true}, OperationalWebhooks: types, RetrySchedule: []*durationpb.Duration{{Seconds: 1}},
	})
}

// wantTold waits until nothing is owed, and fails unless the receiver has got exactly these operational webhooks, each
// signed. It returns them.
func wantTold(t *testing.T, p *rig.Project, r *rig.Receiver, want ...synchookclient.OperationalType) []synchookclient.OperationalBody {
	t.Helper()
	wantDelivered(t, p)
	oracle, err := standardwebhooks.NewWebhook(r.Secret())
	if err != nil {
		t.Fatal(err)
	}
	var bodies []synchookclient.OperationalBody
	var types []synchookclient.OperationalType
	for _, a := range r.Got() {
		if err := oracle.Verify([]byte(a.Raw), a.Header); err != nil {
			t.Errorf("it got what the library refuses: %v", err)
		}
		if a.Operational != nil {
			bodies, types = append(bodies, *a.Operational), append(types, a.Operational.Type)
		}
	}
	if !slices.Equal(types, want) {
		t.Fatalf("it was told %q, want %q", types, want)
	}
	return bodies
}

// wantWell fails unless the doctor finds nothing amiss.
func wantWell(t *testing.T, h *rig.House) {
	t.Helper()
	for _, ailment := range h.Examine().Ailments() {
		t.Error(ailment)
	}
}

func TestAppsAreToldOnceThatASyncFailsAndRecoversAlthoughTheWorkerDies(t *testing.T) {
	t.Parallel()
	const failed, recovered = synchookv1.OperationalType_OPERATIONAL_TYPE_SYNC_FAILED, synchookv1.OperationalType_OPERATIONAL_TYPE_SYNC_RECOVERED
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("moody", "user-1")
	deployMoody(t, p)
	p.Set(&synchookv1.ProjectSettings{
		RunRetrySchedule: []*durationpb.Duration{{Seconds: 1}}, OperationalWebhooks: []synchookv1.OperationalType{failed},
	}, "run_retry_schedule", "operational_webhooks")
	both, late := watch(p, failed, recovered), watch(p, recovered)
	deaf := watch(p, synchookv1.OperationalType_OPERATIONAL_TYPE_CONNECTION_REFUSED)
	dies := h.StartWorker("SYNCHOOK_FAILPOINT=run.sealed=kill:2") // when the first run that fails is sealed
	load := p.Push(5, rig.Now())
	dies.WantKill()
	h.StartWorker()
	load.End()
	p.Receiver.Want(4)
	both.Want(2)
	bodies := wantTold(t, p, both.Receiver, synchookclient.OperationalSyncFailed, synchookclient.OperationalSyncRecovered)
	wantTold(t, p, late.Receiver, synchookclient.OperationalSyncRecovered)
	wantTold(t, p, p.Receiver, synchookclient.OperationalSyncFailed)
	wantTold(t, p, deaf.Receiver)
	about := bodies[0].Data
	if about.ConnectionID != "user-1" || about.ProviderConfigKey != "github" || about.SyncName != "moody" || !strings.Contains(about.Error, "not today: 2") {
		t.Errorf("told is %+v", about)
	}
	list, err := p.Client().Deliveries.ListDeliveries(t.Context(), &synchookv1.ListDeliveriesRequest{RunId: about.RunID})
	if err != nil || len(list.GetDeliveries()) != 2 || list.GetDeliveries()[0].GetOperationalType() != "sync.failed" || list.GetDeliveries()[0].GetSyncName() != "moody" {
		t.Errorf("the run's deliveries are %v, %v", list.GetDeliveries(), err)
	}
	wantWell(t, h)
}

// authorize gives a connection a token.
func authorize(t *testing.T, p *rig.Project, connection, token string) {
	t.Helper()
	_, err := p.Client().Connections.UpdateConnection(t.Context(), &synchookv1.UpdateConnectionRequest{
		Connection: &synchookv1.Connection{
			ProviderConfigKey: "github", ConnectionId: connection, Credentials: &synchookv1.Credentials{Kind: &synchookv1.Credentials_BearerToken{BearerToken: token}},
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"credentials"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAppsAreToldOnceThatAnAPIRefusesAConnection(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("refused", "user-1")
	p.Set(&synchookv1.ProjectSettings{RunRetrySchedule: []*durationpb.Duration{{Seconds: 1}}}, "run_retry_schedule")
	h.StartWorker()
	watcher := watch(p, synchookv1.OperationalType_OPERATIONAL_TYPE_CONNECTION_REFUSED)
	authorize(t, p, "user-1", "a wrong token")
	p.Push(2, rig.Now()).End()
	watcher.Want(1)
	rig.Until(t, time.Minute, "both runs have failed", func() bool {
		list, err := p.Client().Runs.ListRuns(t.Context(), &synchookv1.ListRunsRequest{State: synchookv1.RunState_RUN_STATE_FAILED})
		return err == nil && len(list.GetRuns()) == 2
	})
	body := wantTold(t, p, watcher.Receiver, synchookclient.OperationalConnectionRefused)[0]
	if body.Data.ConnectionID != "user-1" || body.Data.SyncName != "tally" || body.Data.LastStatus != 401 || !strings.HasPrefix(body.Data.Reason, p.GitHub.URL()+" answered 401") {
		t.Errorf("told is %+v", body.Data)
	}
	authorize(t, p, "user-1", p.GitHub.Token())
	p.Push(1, rig.Now()).End()
	p.Receiver.Want(1)
	authorize(t, p, "user-1", "another wrong token")
	p.Push(1, rig.Now()).End()
	watcher.Want(2)
	wantTold(t, p, watcher.Receiver, synchookclient.OperationalConnectionRefused, synchookclient.OperationalConnectionRefused)
	wantWell(t, h)
}

func TestAppsAreToldOfADeliveryThatIsGivenUp(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("lost", "user-1")
	h.StartWorker()
	p.Set(&synchookv1.ProjectSettings{RetrySchedule: []*durationpb.Duration{{Seconds: 1}}}, "retry_schedule")
	p.Receiver.Answer(500, 500)
	watcher := watch(p, synchookv1.OperationalType_OPERATIONAL_TYPE_DELIVERY_EXHAUSTED)
	deaf := watch(p, synchookv1.OperationalType_OPERATIONAL_TYPE_DELIVERY_EXHAUSTED)
	deaf.Answer(500, 500)
	p.Push(1, rig.Now()).End()
	lost := p.Receiver.Want(2)[0]
	watcher.Want(1)
	deaf.Want(2)
	body := wantTold(t, p, watcher.Receiver, synchookclient.OperationalDeliveryExhausted)[0]
	if d := body.Data; d.DeliveryID != lost.ID || d.URL != p.Receiver.URL() || d.ConnectionID != "user-1" || d.Model != "Issue" || d.Attempts != 2 || d.LastStatus != 500 {
		t.Errorf("told is %+v", d)
	}
	if all := p.Deliveries(); len(all) != 3 { // of what the deaf one was not told, nobody is
		t.Errorf("the deliveries are %v", all)
	}
	wantWell(t, h)
}
