package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	synchookclient "github.com/synchook/synchook/clients/go"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

// answers are those of the API, as JSON, by what was asked for.
type answers map[string]any

// ask asks the API and keeps the answer.
func ask[Req, Resp proto.Message](t *testing.T, kept answers, name string, call func(context.Context, Req) (Resp, error), req Req) Resp {
	t.Helper()
	resp, err := call(t.Context(), req)
	if err != nil {
		t.Fatalf("asking for %s: %v", name, err)
	}
	text, err := protojson.Marshal(resp)
	if err != nil {
		t.Fatal(err)
	}
	var answer any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	kept[name] = answer
	return resp
}

// everything asks the API for all that it shows of a project.
func everything(t *testing.T, c *synchookclient.Client, connections []string) answers {
	t.Helper()
	kept := answers{}
	ask(t, kept, "project", c.Projects.GetProject, &synchookv1.GetProjectRequest{})
	ask(t, kept, "settings", c.Projects.GetProjectSettings, &synchookv1.GetProjectSettingsRequest{})
	ask(t, kept, "keys", c.APIKeys.ListAPIKeys, &synchookv1.ListAPIKeysRequest{})
	ask(t, kept, "integrations", c.Integrations.ListIntegrations, &synchookv1.ListIntegrationsRequest{})
	ask(t, kept, "connections", c.Connections.ListConnections, &synchookv1.ListConnectionsRequest{})
	ask(t, kept, "syncs", c.Syncs.ListSyncs, &synchookv1.ListSyncsRequest{})
	for _, name := range connections {
		ask(t, kept, "sync of "+name, c.Syncs.GetSync, &synchookv1.GetSyncRequest{ProviderConfigKey: "github", SyncName: "ledger", ConnectionId: name})
		for _, model := range []string{"Issue", "Total"} {
			ask(t, kept, model+" of "+name, c.Records.ListRecords, &synchookv1.ListRecordsRequest{
				ProviderConfigKey: "github", ConnectionId: name, Model: model, PageSize: 1000,
			})
		}
	}
	for _, e := range ask(t, kept, "events", c.Events.ListEvents, &synchookv1.ListEventsRequest{PageSize: 1000}).GetEvents() {
		ask(t, kept, e.GetId(), c.Events.GetEvent, &synchookv1.GetEventRequest{Id: e.GetId()})
	}
	for _, r := range ask(t, kept, "runs", c.Runs.ListRuns, &synchookv1.ListRunsRequest{PageSize: 1000}).GetRuns() {
		ask(t, kept, r.GetId(), c.Runs.GetRun, &synchookv1.GetRunRequest{Id: r.GetId()})
	}
	for _, d := range ask(t, kept, "deliveries", c.Deliveries.ListDeliveries, &synchookv1.ListDeliveriesRequest{PageSize: 1000}).GetDeliveries() {
		ask(t, kept, d.GetId(), c.Deliveries.GetDelivery, &synchookv1.GetDeliveryRequest{Id: d.GetId()})
	}
	return kept
}

// ownPlace are the fields whose values are a program's own affair: where to read on, and when a key was
// last used, which is now.
var ownPlace = map[string]bool{"cursor": true, "nextPageToken": true, "lastUseTime": true}

// wantKept wants all that was answered before to be in today's answer, with times that were moved. There
// may be more in it than there was.
func wantKept(t *testing.T, where string, before, today any, move timeMove) {
	t.Helper()
	switch b := before.(type) {
	case map[string]any:
		now, _ := today.(map[string]any)
		for name, value := range b {
			if !ownPlace[name] {
				wantKept(t, where+"."+name, value, now[name], move)
			}
		}
	case []any:
		now, _ := today.([]any)
		if len(b) != len(now) {
			t.Errorf("%s has %d elements, want %d", where, len(now), len(b))
			return
		}
		for i := range b {
			wantKept(t, fmt.Sprintf("%s[%d]", where, i), b[i], now[i], move)
		}
	default:
		if before != today && !move.moved(before, today) {
			t.Errorf("%s is %v, want %v", where, today, before)
		}
	}
}

// moved reports whether both are times and one is the other's, moved on.
func (m timeMove) moved(before, today any) bool {
	one, err1 := time.Parse(time.RFC3339Nano, fmt.Sprint(before))
	other, err2 := time.Parse(time.RFC3339Nano, fmt.Sprint(today))
	return err1 == nil && err2 == nil && one.Add(m.by).Equal(other)
}
