package synchookclient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// OperationalType is the type of an operational webhook: one about synchook's own work, for which an endpoint
// opts in. Later versions may have more.
type OperationalType string

// The types of operational webhooks.
const (
	// OperationalSyncFailed says that a run failed after its retries, and the one before it had not.
	OperationalSyncFailed OperationalType = "sync.failed"
	// OperationalSyncRecovered says that a run succeeded after one that had failed.
	OperationalSyncRecovered OperationalType = "sync.recovered"
	// OperationalEndpointDisabled says that an endpoint gets nothing any more until a person resumes it.
	OperationalEndpointDisabled OperationalType = "endpoint.disabled"
	// OperationalEndpointRecovered says that an endpoint that failed takes webhooks again.
	OperationalEndpointRecovered OperationalType = "endpoint.recovered"
	// OperationalDeliveryExhausted says that a webhook was given up.
	OperationalDeliveryExhausted OperationalType = "delivery.exhausted"
	// OperationalConnectionRefused says that an external API refused a connection's credentials.
	OperationalConnectionRefused OperationalType = "connection.refused"
)

// OperationalBody is the body of an operational webhook.
type OperationalBody struct {
	// Type says what happened.
	Type OperationalType `json:"type"`
	// Timestamp says when.
	Timestamp time.Time `json:"timestamp"`
	// Data says to what.
	Data OperationalData `json:"data"`
}

// OperationalData is what an operational webhook is about. What a type does not tell is empty.
type OperationalData struct {
	// ConnectionID, ProviderConfigKey and SyncName name a sync on a connection, in webhooks of syncs and
	// connections, and of deliveries that told of one.
	ConnectionID      string `json:"connectionId"`
	ProviderConfigKey string `json:"providerConfigKey"`
	SyncName          string `json:"syncName"`
	// RunID is the run that failed, recovered, was refused, or made the delivery.
	RunID string `json:"runId"`
	// Model is what the delivery that was given up told of.
	Model string `json:"model"`
	// DeliveryID is the delivery that was given up: the webhook-id that never came.
	DeliveryID string `json:"deliveryId"`
	// EndpointID is the endpoint that is disabled, has recovered, or did not take the delivery.
	EndpointID string `json:"endpointId"`
	// URL is that endpoint's, without its query.
	URL string `json:"url"`
	// Attempts is how often the run, or the delivery, was tried.
	Attempts int `json:"attempts"`
	// LastStatus is the status of the last answer. Zero: there was none.
	LastStatus int `json:"lastStatus"`
	// Error is the run's, for people.
	Error string `json:"error"`
	// Reason says why, for people.
	Reason string `json:"reason"`
}

// Webhook is a webhook of either kind: one of its fields is set.
type Webhook struct {
	// Sync is what a run changed in a model.
	Sync *WebhookBody
	// Operational is what happened to synchook's own work.
	Operational *OperationalBody
}

// ReadWebhook returns a webhook that synchook sent, of either kind, or an error for any other request. It is
// VerifyWebhook for endpoints that opted into operational webhooks.
func ReadWebhook(header http.Header, body []byte, secrets ...string) (Webhook, error) {
	if err := verifySignature(header, body, secrets); err != nil {
		return Webhook{}, err
	}
	return DecodeWebhook(body)
}

// DecodeWebhook reads the body of a webhook of either kind: that of a sync has no type. It verifies nothing, so
// it is for bodies that were verified before.
func DecodeWebhook(body []byte) (Webhook, error) {
	var kind struct {
		Type *OperationalType `json:"type"`
	}
	if err := json.Unmarshal(body, &kind); err != nil {
		return Webhook{}, fmt.Errorf("%w: %w", ErrWebhookBody, err)
	}
	var w Webhook
	var into any = &w.Operational
	if kind.Type == nil {
		into = &w.Sync
	}
	if err := json.Unmarshal(body, into); err != nil {
		return Webhook{}, fmt.Errorf("%w: %w", ErrWebhookBody, err)
	}
	if s := w.Sync; s != nil && (s.ConnectionID == "" || s.SyncName == "" || s.Model == "" || s.ResponseResults == nil) {
		return Webhook{}, fmt.Errorf("%w: it names no connection, sync or model", ErrWebhookBody)
	}
	return w, nil
}
