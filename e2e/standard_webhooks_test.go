package e2e

import (
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/synchook/synchook/e2e/rig"
	synchookv1 "github.com/synchook/synchook/gen/synchook/v1"
)

const crmSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// signedWebhook is a webhook that the standard's own library signed with the CRM's secret.
func signedWebhook(t *testing.T, url, id, body string) *http.Request {
	t.Helper()
	signer, err := standardwebhooks.NewWebhook(crmSecret)
	check(t, err)
	now := time.Now()
	signature, err := signer.Sign(id, now, []byte(body))
	check(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	check(t, err)
	r.Header = http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature}}
	return r
}

// The example of a source of Standard Webhooks, with the webhooks signed by the standard's own library.
func TestTheExampleOfStandardWebhooksKeepsContacts(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("crm", "user-1")
	integration, err := p.Client().Integrations.CreateIntegration(t.Context(), &synchookv1.CreateIntegrationRequest{Integration: &synchookv1.Integration{
		ProviderConfigKey: "crm", Provider: "standard-webhooks", WebhookSecrets: []string{crmSecret},
		Match: &synchookv1.Match{Rules: []*synchookv1.MatchRule{{From: "workspace", To: "connection_id"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"acme", "other"} {
		if _, err := p.Client().Connections.CreateConnection(t.Context(), &synchookv1.CreateConnectionRequest{
			Connection: &synchookv1.Connection{ProviderConfigKey: "crm", ConnectionId: name},
		}); err != nil {
			t.Fatal(err)
		}
	}
	p.Deploy(filepath.Join("..", "examples", "standard-webhooks"))
	h.StartWorker()
	send := func(n int, body string) int {
		res, err := http.DefaultClient.Do(signedWebhook(t, h.URL()+integration.GetWebhookPath(), "msg_"+strconv.Itoa(n), body))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	for i, body := range []string{
		`{"type":"contact.created","workspace":"acme","data":{"id":"c1","name":"Ada","email":"ada@example.com"}}`,
		`{"type":"contact.created","workspace":"acme","data":{"id":"c2","name":"Bob","email":"bob@example.com"}}`,
		`{"type":"contact.deleted","workspace":"acme","data":{"id":"c2","name":"Bob","email":"bob@example.com"}}`,
		`{"type":"contact.updated","workspace":"acme","data":{"id":"c1","name":"Ada L.","email":"ada@example.com"}}`,
	} {
		if status := send(i, body); status != http.StatusOK {
			t.Fatalf("the webhook %s was answered with %d", body, status)
		}
	}
	contacts := func(connection string) []string {
		list, err := p.Client().Records.ListRecords(t.Context(), &synchookv1.ListRecordsRequest{ProviderConfigKey: "crm", ConnectionId: connection, Model: "Contact"})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range list.GetRecords() {
			names = append(names, r.GetPayload().GetFields()["name"].GetStringValue()+" "+r.GetLastAction().String())
		}
		slices.Sort(names)
		return names
	}
	want := []string{"Ada L. RECORD_ACTION_UPDATED", "Bob RECORD_ACTION_DELETED"}
	rig.Until(t, 30*time.Second, "the contacts are kept", func() bool { return slices.Equal(contacts("acme"), want) })
	if got := contacts("other"); len(got) > 0 {
		t.Errorf("another workspace got %q", got)
	}
}
