package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// listener makes a key of the project that may read, and starts `synchook listen` with it, which forwards to an app.
func listener(t *testing.T, p *rig.Project, args ...string) (app *rig.Receiver, process *rig.Process, key string) {
	t.Helper()
	made, err := p.Client().APIKeys.CreateAPIKey(t.Context(), &synchookv1.CreateAPIKeyRequest{Name: "laptop", Scopes: []synchookv1.Scope{synchookv1.Scope_SCOPE_READ}})
	if err != nil {
		t.Fatal(err)
	}
	app = rig.NewReceiver(t, p.Receiver.Secret())
	process = rig.Start(t, "listen", []string{"SYNCHOOK_API_KEY=" + made.GetSecret(), "SYNCHOOK_URL=" + p.House.URL()},
		rig.Binary(), append([]string{"listen", "--forward-to", app.URL()}, args...)...)
	return app, process, made.GetApiKey().GetId()
}

func says(t *testing.T, p *rig.Process, what string) {
	t.Helper()
	rig.Until(t, 30*time.Second, "listen says "+what, func() bool {
		return strings.Contains(strings.Join(p.Output(), "\n"), what)
	})
}

func ids(arrivals []rig.Arrival) []string {
	var list []string
	for _, a := range arrivals {
		list = append(list, a.ID)
	}
	return list
}

func TestADeveloperGetsEachWebhookOnceThoughTheServerIsKilled(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("listen", "user-1", "user-2")
	h.StartWorker()
	app, process, key := listener(t, p)
	says(t, process, "listening to ")
	n := len(p.Push(5, rig.Now()).End())

	address := h.Address()
	h.Server.Kill()
	says(t, process, "the connection was lost")
	h.StartServer("SYNCHOOK_LISTEN=" + address)
	wantSucceeded(t, p, n+len(p.Push(5, rig.Now()).End()))
	wantDelivered(t, p)
	says(t, process, "connected again")
	want := ids(p.Receiver.Got())
	got := app.Want(len(want))
	gotIDs := ids(got)
	slices.Sort(want)
	slices.Sort(gotIDs)
	if !slices.Equal(gotIDs, want) {
		t.Errorf("the developer got %v, the endpoint %v", gotIDs, want)
	}

	if _, err := p.Client().Deliveries.RetryDelivery(t.Context(), &synchookv1.RetryDeliveryRequest{Id: want[0]}); err != nil {
		t.Fatal(err)
	}
	if again := app.Want(len(want) + 1)[len(want)]; again.ID != want[0] {
		t.Errorf("after a retry came %s, want %s", again.ID, want[0])
	}
	says(t, process, "(again)")
	if _, err := p.Client().APIKeys.RevokeAPIKey(t.Context(), &synchookv1.RevokeAPIKeyRequest{Id: key}); err != nil {
		t.Fatal(err)
	}
	process.WantExit(1)
	if log := strings.Join(process.Log(), "\n"); !strings.Contains(log, "the API key is unknown or revoked") {
		t.Errorf("it ended with %q", log)
	}
}

func TestADeveloperWhoStopsListeningIsToldWhatCame(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("stops", "user-1")
	h.StartWorker()
	p.WantAll(p.Push(2, rig.Now()).End())
	app, process, _ := listener(t, p, "--since", "1h")
	app.Want(len(p.Receiver.Got()))
	says(t, process, "200 OK")
	process.Terminate(10 * time.Second)
	process.WantExit(0)
	says(t, process, "webhooks were taken by the app (2xx), 0 were not")

	app, process, _ = listener(t, p, "--since", "1h", "--json")
	app.Want(len(p.Receiver.Got()))
	rig.Until(t, 10*time.Second, "there is an object for each", func() bool { return len(process.Output()) >= len(p.Receiver.Got()) })
	for _, line := range process.Output() {
		var object struct {
			Delivery string
			Status   int
		}
		if err := json.Unmarshal([]byte(line), &object); err != nil || object.Delivery == "" || object.Status != 200 {
			t.Errorf("the line is %s (%v)", line, err)
		}
	}
}
