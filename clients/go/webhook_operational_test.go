package synchookclient_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	synchookclient "github.com/synchook/synchook/clients/go"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// told is what synchook writes of a type, with all values.
func told(kind synchook.OperationalType) []byte {
	return webhook.OperationalBody{
		Type: kind, Timestamp: time.UnixMilli(1_700_000_000_123),
		Names: webhook.Names{ConnectionID: "user-1", ProviderConfigKey: "github", SyncName: "issues", Model: "Issue"}, RunID: "run_1",
		EndpointID: "end_1", URL: "https://app.example/hook", DeliveryID: "dlv_1", Attempts: 3, LastStatus: 500, Reason: "because", Error: "boom",
	}.Bytes()
}

func TestOperationalWebhooksAreReadInFull(t *testing.T) {
	t.Parallel()
	sync := synchookclient.OperationalData{ConnectionID: "user-1", ProviderConfigKey: "github", SyncName: "issues", RunID: "run_1"}
	failed, refused, exhausted := sync, sync, sync
	failed.Attempts, failed.Error = 3, "boom"
	refused.LastStatus, refused.Reason = 500, "because"
	endpoint := synchookclient.OperationalData{EndpointID: "end_1", URL: "https://app.example/hook"}
	disabled := endpoint
	disabled.Reason = "because"
	exhausted.DeliveryID, exhausted.EndpointID, exhausted.URL, exhausted.Model = "dlv_1", endpoint.EndpointID, endpoint.URL, "Issue"
	exhausted.Attempts, exhausted.LastStatus, exhausted.Reason = 3, 500, "because"
	for kind, want := range map[synchookclient.OperationalType]synchookclient.OperationalData{
		synchookclient.OperationalSyncFailed: failed, synchookclient.OperationalSyncRecovered: sync, synchookclient.OperationalConnectionRefused: refused,
		synchookclient.OperationalEndpointDisabled: disabled, synchookclient.OperationalEndpointRecovered: endpoint, synchookclient.OperationalDeliveryExhausted: exhausted,
	} {
		body := told(synchook.OperationalType(kind))
		got, err := synchookclient.ReadWebhook(signedAt(t, time.Now(), string(body), webhookSecret), body, webhookSecret)
		if err != nil || got.Sync != nil || got.Operational == nil {
			t.Fatalf("%s: %+v, %v", kind, got, err)
		}
		if o := got.Operational; o.Type != kind || o.Timestamp.UnixMilli() != 1_700_000_000_123 || !reflect.DeepEqual(o.Data, want) {
			t.Errorf("%s is read as %+v, want %+v", kind, o, want)
		}
	}
}

func TestTheKindsOfWebhooksAreToldApart(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		sync, operational bool
		err               error
	}{
		incremental:                        {sync: true},
		initial:                            {sync: true},
		string(told(synchook.SyncFailed)):  {operational: true},
		`{"type":"of.tomorrow","data":{}}`: {operational: true},
		`{"type":1}`:                       {err: synchookclient.ErrWebhookBody},
		`{"type":"sync.failed","data":1}`:  {err: synchookclient.ErrWebhookBody},
		`{"model":1}`:                      {err: synchookclient.ErrWebhookBody},
		`{`:                                {err: synchookclient.ErrWebhookBody},
	} {
		got, err := synchookclient.DecodeWebhook([]byte(body))
		if (got.Sync != nil) != want.sync || (got.Operational != nil) != want.operational || !errors.Is(err, want.err) {
			t.Errorf("%s is read as %+v, %v", body, got, err)
		}
	}
}

func TestAnAppForSyncsIsToldThatAWebhookIsOperational(t *testing.T) {
	t.Parallel()
	body := told(synchook.SyncFailed)
	_, err := synchookclient.VerifyWebhook(signedAt(t, time.Now(), string(body), webhookSecret), body, webhookSecret)
	if !errors.Is(err, synchookclient.ErrWebhookBody) || !strings.Contains(err.Error(), "ReadWebhook") {
		t.Errorf("the error is %v", err)
	}
	_, err = synchookclient.ReadWebhook(signedAt(t, time.Now(), string(body), otherSecret), body, webhookSecret)
	if !errors.Is(err, synchookclient.ErrWebhookSignature) {
		t.Errorf("signed by somebody else: %v", err)
	}
}
