package webhook_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// everything is a body that has all values.
func everything(kind synchook.OperationalType) webhook.OperationalBody {
	return webhook.OperationalBody{
		Type: kind, Timestamp: time.Date(2026, 3, 4, 5, 6, 7, 890_999_999, time.FixedZone("", 3600)),
		Names: webhook.Names{ConnectionID: "user-1", ProviderConfigKey: "github", SyncName: "issues", Model: "Issue"},
		RunID: "run_1", EndpointID: "end_1", URL: "https://me:word@app.example/hook?token=secret", DeliveryID: "dlv_1",
		Attempts: 3, LastStatus: 500, Reason: `it said "no"`, Error: "boom <at> line\n1",
	}
}

func TestAnOperationalBodyHasTheKeysOfItsTypeInTheirOrder(t *testing.T) {
	t.Parallel()
	const (
		sync     = `"connectionId":"user-1","providerConfigKey":"github","syncName":"issues"`
		endpoint = `"endpointId":"end_1","url":"https://app.example/hook"`
	)
	for kind, data := range map[synchook.OperationalType]string{
		synchook.SyncFailed:        sync + `,"runId":"run_1","attempts":3,"error":"boom <at> line\n1"`,
		synchook.SyncRecovered:     sync + `,"runId":"run_1"`,
		synchook.ConnectionRefused: sync + `,"runId":"run_1","lastStatus":500,"reason":"it said \"no\""`,
		synchook.EndpointDisabled:  endpoint + `,"reason":"it said \"no\""`,
		synchook.EndpointRecovered: endpoint,
		synchook.DeliveryGivenUp: `"deliveryId":"dlv_1",` + endpoint + `,` + sync +
			`,"model":"Issue","runId":"run_1","attempts":3,"lastStatus":500,"reason":"it said \"no\""`,
	} {
		want := `{"type":"` + string(kind) + `","timestamp":"2026-03-04T04:06:07.890Z","data":{` + data + `}}`
		if got := string(everything(kind).Bytes()); got != want {
			t.Errorf("%s:\n%s, want\n%s", kind, got, want)
		}
	}
}

func TestAnOperationalBodyWithoutValuesIsJSONWithTheSameKeys(t *testing.T) {
	t.Parallel()
	for _, kind := range []synchook.OperationalType{
		synchook.SyncFailed, synchook.SyncRecovered, synchook.EndpointDisabled, synchook.EndpointRecovered, synchook.DeliveryGivenUp, synchook.ConnectionRefused,
	} {
		var full, empty struct{ Data map[string]any }
		if err := json.Unmarshal(everything(kind).Bytes(), &full); err != nil || len(full.Data) == 0 {
			t.Errorf("%s: %v, %v", kind, full, err)
		}
		if err := json.Unmarshal(webhook.OperationalBody{Type: kind}.Bytes(), &empty); err != nil || len(empty.Data) != len(full.Data) {
			t.Errorf("%s without values has %v (%v), want the keys of %v", kind, empty.Data, err, full.Data)
		}
	}
}

func TestAnOperationalBodyTellsOfALongErrorHowItBegins(t *testing.T) {
	t.Parallel()
	b := everything(synchook.SyncFailed)
	b.Error = "x" + strings.Repeat("ä", 10_000)
	var got struct{ Data struct{ Error string } }
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if told := got.Data.Error; len(told) > 2060 || !strings.HasPrefix(b.Error, strings.TrimSuffix(told, "...")) || !strings.HasSuffix(told, "ä...") {
		t.Errorf("it tells %d bytes, which end in %q", len(told), told[len(told)-10:])
	}
}

func TestTheNamesInASyncsBody(t *testing.T) {
	t.Parallel()
	body := webhook.SyncBody{ConnectionID: "user \"1\"", ProviderConfigKey: "github", SyncName: "issues", Model: "Issue"}
	want := webhook.Names{ConnectionID: "user \"1\"", ProviderConfigKey: "github", SyncName: "issues", Model: "Issue"}
	for text, names := range map[string]webhook.Names{string(body.Bytes()): want, "": {}, "{": {}, `{"model":1}`: {}, "[]": {}} {
		if got := webhook.NamesIn([]byte(text)); got != names {
			t.Errorf("names in %q: %+v, want %+v", text, got, names)
		}
	}
}
