package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/tracetest"
)

const (
	headerSecret = "the-value-of-a-header-of-the-settings"
	querySecret  = "the-secret-in-the-query" // of testdata/leaky/leaky.ts
	urlSecret    = "the-secret-in-the-webhook-url"
)

// Everybody tells what they know here: the script logs its connection, the API and the receiver send back
// the headers that they got. Nothing that was logged, stored, shown, measured or
// traced may hold a secret.
func TestNoSecretIsLoggedStoredOrShown(t *testing.T) {
	t.Parallel()
	collector := tracetest.New(t)
	h := rig.NewHouse(t, rig.HouseOptions{Settings: []string{"SYNCHOOK_OTLP_ENDPOINT=" + collector.URL}})
	p := h.NewProject("secrets", "user-1")
	p.Deploy("testdata/leaky")
	p.Set(&synchookv1.ProjectSettings{
		WebhookUrl: p.Receiver.URL() + "/hook?key=" + urlSecret, WebhookHeaders: map[string]string{"X-App-Key": headerSecret},
		RunRetrySchedule: []*durationpb.Duration{{Seconds: 1}}, RetrySchedule: []*durationpb.Duration{{Seconds: 1}, {Seconds: 1}},
	}, "webhook_url", "webhook_headers", "run_retry_schedule", "retry_schedule")
	p.GitHub.Misbehave(echo(http.StatusInternalServerError))
	worker := h.StartWorker("SYNCHOOK_HEALTH_LISTEN=127.0.0.1:0")
	p.Push(1, rig.Now()).End()
	rig.Until(t, 30*time.Second, "the run has failed", func() bool { return hasRun(t, p, synchookv1.RunState_RUN_STATE_FAILED) })
	p.GitHub.Misbehave(echo(http.StatusOK))
	p.Receiver.Misbehave(echo(http.StatusInternalServerError))
	p.Push(1, rig.Now()).End()
	var shown string
	rig.Until(t, 30*time.Second, "the delivery is exhausted", func() bool {
		shown = show(t, p)
		return strings.Contains(shown, "DELIVERY_STATE_EXHAUSTED")
	})
	metrics := h.MetricsText(worker) + h.MetricsText(h.Server)
	worker.Terminate(time.Minute) // which sends what it has of traces
	texts := map[string]string{
		"log":   strings.Join(append(worker.Log(), h.Server.Log()...), "\n"),
		"store": stored(t, h),
		"API":   shown, "metrics": metrics, "traces": collector.Text(),
	}
	for where, text := range texts {
		if len(text) < 1000 {
			t.Errorf("the %s could not be read: %q", where, text)
		}
		for name, secret := range secretsOf(h, p, where) {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("the %s holds the %s: …%s…", where, name, text[max(0, at-200):min(len(text), at+len(secret)+20)])
			}
		}
	}
}

// secretsOf are the secrets that must not be found somewhere. The webhook URL is a setting, and shown as
// one: it is a secret elsewhere.
func secretsOf(h *rig.House, p *rig.Project, where string) map[string]string {
	secrets := map[string]string{
		"admin key": rig.AdminKey, "encryption key": h.Key(), "API key": p.Key, "connection's token": p.GitHub.Token(),
		"provider's secret": p.GitHub.Secret(), "signing secret": p.Receiver.Secret(), "header": headerSecret,
	}
	if where != "store" && where != "API" {
		secrets["webhook URL"], secrets["query"] = urlSecret, querySecret
	}
	return secrets
}

// echo answers with what was asked: its headers and its URL.
func echo(status int) rig.Manner {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"headers": r.Header, "url": r.URL.String()})
	}
}

func hasRun(t *testing.T, p *rig.Project, state synchookv1.RunState) bool {
	t.Helper()
	list, err := p.Client().Runs.ListRuns(t.Context(), &synchookv1.ListRunsRequest{State: state})
	return err == nil && len(list.GetRuns()) > 0
}

// show returns all that the API shows of the project.
func show(t *testing.T, p *rig.Project) string {
	t.Helper()
	ctx, c := t.Context(), p.Client()
	var out strings.Builder
	add := func(m proto.Message, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(protojson.Format(m))
	}
	add(c.Projects.GetProject(ctx, &synchookv1.GetProjectRequest{}))
	add(c.Projects.GetProjectSettings(ctx, &synchookv1.GetProjectSettingsRequest{}))
	add(c.APIKeys.ListAPIKeys(ctx, &synchookv1.ListAPIKeysRequest{}))
	add(c.Integrations.ListIntegrations(ctx, &synchookv1.ListIntegrationsRequest{}))
	add(c.Connections.GetConnection(ctx, &synchookv1.GetConnectionRequest{ProviderConfigKey: "github", ConnectionId: "user-1"}))
	add(c.Records.ListRecords(ctx, &synchookv1.ListRecordsRequest{ProviderConfigKey: "github", ConnectionId: "user-1", Model: "Issue"}))
	runs, err := c.Runs.ListRuns(ctx, &synchookv1.ListRunsRequest{})
	add(runs, err)
	for _, r := range runs.GetRuns() {
		run, err := c.Runs.GetRun(ctx, &synchookv1.GetRunRequest{Id: r.GetId()})
		add(run, err)
	}
	events, err := c.Events.ListEvents(ctx, &synchookv1.ListEventsRequest{})
	add(events, err)
	for _, e := range events.GetEvents() {
		event, err := c.Events.GetEvent(ctx, &synchookv1.GetEventRequest{Id: e.GetId()})
		add(event, err)
	}
	deliveries, err := c.Deliveries.ListDeliveries(ctx, &synchookv1.ListDeliveriesRequest{})
	add(deliveries, err)
	for _, d := range deliveries.GetDeliveries() {
		delivery, err := c.Deliveries.GetDelivery(ctx, &synchookv1.GetDeliveryRequest{Id: d.GetId()})
		add(delivery, err)
		for _, a := range delivery.GetAttemptList() {
			out.Write(a.GetResponse()) // which is base64 in JSON
		}
	}
	return out.String()
}

// stored returns all keys and values of the house's Redis, and the values that are compressed also as they
// were before.
func stored(t *testing.T, h *rig.House) string {
	t.Helper()
	rdb := h.Redis.Client()
	defer func() { _ = rdb.Close() }()
	var out bytes.Buffer
	keys := rdb.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		fmt.Fprintln(&out, keys.Val())
		for _, value := range values(t, rdb, keys.Val()) {
			fmt.Fprintln(&out, value)
			for part := range strings.SplitSeq(value, "|") { // a record has fields before its payload
				if len(part) > 1 { // the first byte says how it is packed
					if plain, err := s2.Decode(nil, []byte(part[1:])); err == nil {
						out.Write(plain)
					}
				}
			}
			if len(value) > 1 {
				if plain, err := s2.Decode(nil, []byte(value[1:])); err == nil {
					out.Write(plain)
				}
			}
		}
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// values returns all that a key holds.
func values(t *testing.T, rdb *redis.Client, key string) []string {
	t.Helper()
	ctx := t.Context()
	switch kind := rdb.Type(ctx, key).Val(); kind {
	case "string":
		return []string{rdb.Get(ctx, key).Val()}
	case "list":
		return rdb.LRange(ctx, key, 0, -1).Val()
	case "set":
		return rdb.SMembers(ctx, key).Val()
	case "zset":
		return rdb.ZRange(ctx, key, 0, -1).Val()
	case "hash":
		var all []string
		for name, value := range rdb.HGetAll(ctx, key).Val() {
			all = append(all, name, value)
		}
		return all
	case "none": // it has expired
		return nil
	default:
		t.Fatalf("the key %s is a %s, which this test does not read", key, kind)
		return nil
	}
}
