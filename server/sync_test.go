package server_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

// changes writes a deployment's answer in words.
func changes(res *v1.DeploySyncsResponse) []string {
	var out []string
	for _, c := range res.GetChanges() {
		kind := strings.ToLower(strings.TrimPrefix(c.GetKind().String(), "SYNC_CHANGE_KIND_"))
		out = append(out, strings.TrimSpace(fmt.Sprintln(c.GetSyncName(), kind, strings.Join(c.GetDifferences(), ","))))
	}
	return out
}

func TestADeploymentMakesTheSyncsWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	users := definition("users", "User")
	users.Frequency = seconds(3600)
	changed := definition("issues", "Issue")
	changed.Code = "changed"
	request := &v1.DeploySyncsRequest{Syncs: []*v1.SyncDefinition{users, changed}, ProviderConfigKeys: []string{"github"}, DryRun: true}
	want := []string{"issues changed script", "users added"}
	for _, dry := range []bool{true, false} {
		request.DryRun = dry
		res, err := w.client.Syncs.DeploySyncs(t.Context(), request)
		if err != nil || !slices.Equal(changes(res), want) {
			t.Fatalf("dry = %v: %q, %v; want %q", dry, changes(res), err, want)
		}
	}
	status, err := w.client.Syncs.GetSync(t.Context(), &v1.GetSyncRequest{ProviderConfigKey: "github", SyncName: "users", ConnectionId: "user-1"})
	if err != nil || status.GetStatus().GetNextRunTime() == nil || status.GetStatus().GetPaused() {
		t.Errorf("the new sync is not scheduled on the connection that was there: %v, %v", status, err)
	}
	if got, want := changes(w.deploy(users)), []string{"issues removed", "users unchanged"}; !slices.Equal(got, want) {
		t.Errorf("changes = %q, want %q", got, want)
	}
	list, err := w.client.Syncs.ListSyncs(t.Context(), &v1.ListSyncsRequest{})
	if err != nil || len(list.GetSyncs()) != 1 || list.GetSyncs()[0].GetId() != status.GetSync().GetId() {
		t.Errorf("syncs = %v, %v", list, err)
	}
}

func TestASyncIsPausedAndStartedOnOneConnectionOrAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.connect("user-2")
	hourly := definition("issues", "Issue")
	hourly.Frequency = seconds(3600)
	w.deploy(hourly)
	paused, err := w.client.Syncs.PauseSync(t.Context(), &v1.PauseSyncRequest{ProviderConfigKey: "github", SyncName: "issues"})
	if err != nil || paused.GetConnections() != 2 {
		t.Errorf("paused: %v, %v", paused, err)
	}
	started, err := w.client.Syncs.StartSync(t.Context(), &v1.StartSyncRequest{ProviderConfigKey: "github", SyncName: "issues", ConnectionId: "user-2"})
	if err != nil || started.GetConnections() != 1 {
		t.Errorf("started: %v, %v", started, err)
	}
	for name, want := range map[string]bool{"user-1": true, "user-2": false} {
		got, err := w.client.Syncs.GetSync(t.Context(), &v1.GetSyncRequest{ProviderConfigKey: "github", SyncName: "issues", ConnectionId: name})
		if err != nil || got.GetStatus().GetPaused() != want || (got.GetStatus().GetNextRunTime() == nil) != want {
			t.Errorf("%s: %v, %v; want paused = %v", name, got, err, want)
		}
	}
}

func TestTheSameWishTriggersOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.connect("user-2")
	w.queue.err = errors.New("the queue is away") // the store has the runs, and the sweep finds them
	request := &v1.TriggerSyncRequest{ProviderConfigKey: "github", SyncName: "issues", IdempotencyKey: "wish"}
	first, err := w.client.Syncs.TriggerSync(t.Context(), request)
	if err != nil || len(first.GetRunIds()) != 2 {
		t.Fatalf("runs: %v, %v", first, err)
	}
	second, err := w.client.Syncs.TriggerSync(t.Context(), request)
	if err != nil || !slices.Equal(first.GetRunIds(), second.GetRunIds()) {
		t.Errorf("the second time: %v, %v", second, err)
	}
	request.IdempotencyKey = ""
	third, err := w.client.Syncs.TriggerSync(t.Context(), request)
	if err != nil || third.GetRunIds()[0] == first.GetRunIds()[0] {
		t.Errorf("without a key: %v, %v", third, err)
	}
	runs, err := w.client.Runs.ListRuns(t.Context(), &v1.ListRunsRequest{State: v1.RunState_RUN_STATE_QUEUED, ProviderConfigKey: "github", ConnectionId: "user-2"})
	if err != nil || len(runs.GetRuns()) != 2 || runs.GetRuns()[0].GetSyncName() != "issues" {
		t.Errorf("runs of user-2: %v, %v", runs, err)
	}
	if w.queue.sent() == 0 || !strings.Contains(w.log.String(), "the queue is away") {
		t.Error("the hint that could not be sent is not in the log")
	}
}

func TestARunIsCancelledAndRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	id := string(w.trigger())
	if _, err := w.client.Runs.RetryRun(t.Context(), &v1.RetryRunRequest{Id: id}); connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Errorf("retrying a run that waits: %v", err)
	}
	got, err := w.client.Runs.CancelRun(t.Context(), &v1.CancelRunRequest{Id: id})
	if err != nil || got.GetState() != v1.RunState_RUN_STATE_CANCELLED {
		t.Errorf("cancelled: %v, %v", got, err)
	}
	ended := w.trigger()
	w.work(ended, "succeeded")
	if _, err := w.client.Runs.CancelRun(t.Context(), &v1.CancelRunRequest{Id: string(ended)}); connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Errorf("cancelling a run that has ended: %v", err)
	}
	again, err := w.client.Runs.RetryRun(t.Context(), &v1.RetryRunRequest{Id: id})
	if err != nil || again.GetId() == id || again.GetState() != v1.RunState_RUN_STATE_QUEUED || again.GetConnectionId() != "user-1" {
		t.Errorf("retried: %v, %v", again, err)
	}
	if _, err := w.client.Connections.DeleteConnection(t.Context(), &v1.DeleteConnectionRequest{ProviderConfigKey: "github", ConnectionId: "user-1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Runs.RetryRun(t.Context(), &v1.RetryRunRequest{Id: id}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("retrying a run of a connection that is gone: %v", err)
	}
	left, err := w.client.Runs.GetRun(t.Context(), &v1.GetRunRequest{Id: id})
	if err != nil || !strings.HasPrefix(left.GetRun().GetConnectionId(), synchook.ConnectionPrefix) {
		t.Errorf("a run of a connection that is gone: %v, %v", left, err)
	}
}
