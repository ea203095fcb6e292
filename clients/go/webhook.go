package synchookclient

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// webhookTolerance is how far a webhook's time may be from the receiver's clock.
const webhookTolerance = 5 * time.Minute

// The errors of [VerifyWebhook], for [errors.Is]. None of them repeats a secret.
var (
	// ErrWebhookSecret says that the receiver is set up wrongly: no secret was given, or one that is none.
	ErrWebhookSecret = errors.New(`a signing secret is "whsec_" followed by base64`)
	// ErrWebhookSignature says that the request is not a webhook that one of the secrets signed. Answer 401.
	ErrWebhookSignature = errors.New("the webhook is not signed by any of the secrets")
	// ErrWebhookStale says that the webhook is well signed, but more than five minutes old or early:
	// somebody sends it again, or a clock is wrong. Answer 401.
	ErrWebhookStale = errors.New("the webhook was signed more than 5 minutes from now")
	// ErrWebhookBody says that the webhook is genuine, but its body is none that this version knows.
	ErrWebhookBody = errors.New("the webhook's body cannot be read")
)

// SyncType says which kind of run a webhook is about.
type SyncType string

const (
	// SyncTypeInitial is a sync's first full run on a connection: every record is new.
	SyncTypeInitial SyncType = "INITIAL"
	// SyncTypeIncremental is every other run.
	SyncTypeIncremental SyncType = "INCREMENTAL"
)

// Counts are how many records of a model a run changed, net.
type Counts struct {
	Added   int64 `json:"added"`
	Updated int64 `json:"updated"`
	Deleted int64 `json:"deleted"`
}

// WebhookBody is the body of a webhook: what one run changed in one model.
type WebhookBody struct {
	// ConnectionID is the connection that the records belong to.
	ConnectionID string `json:"connectionId"`
	// ProviderConfigKey is the name of the integration.
	ProviderConfigKey string `json:"providerConfigKey"`
	// SyncName is the name of the sync that ran.
	SyncName string `json:"syncName"`
	// Model is the name of the model that changed.
	Model string `json:"model"`
	// ResponseResults has the counts of that model, under its name.
	ResponseResults map[string]Counts `json:"responseResults"`
	// SyncType says whether this was the sync's first full run on the connection.
	SyncType SyncType `json:"syncType"`
	// QueryTimeStamp is what to give as delta when reading the records that changed. Nil for INITIAL:
	// read all of them.
	QueryTimeStamp *time.Time `json:"queryTimeStamp"`
}

// VerifyWebhook returns the body of a sync's webhook that synchook sent, or an error for any other request.
// It wants the request's headers and the raw bytes of its body: JSON that was parsed and written again has
// another signature. Several secrets may be given while one is being rotated; empty ones do not count. An
// operational webhook is ErrWebhookBody: endpoints that opted into these use [ReadWebhook].
//
// The same webhook can come more than once. Its header "webhook-id" is then the same.
func VerifyWebhook(header http.Header, body []byte, secrets ...string) (WebhookBody, error) {
	w, err := ReadWebhook(header, body, secrets...)
	switch {
	case err != nil:
		return WebhookBody{}, err
	case w.Sync == nil:
		return WebhookBody{}, fmt.Errorf("%w: it is an operational one: use ReadWebhook", ErrWebhookBody)
	}
	return *w.Sync, nil
}

// verifySignature follows Standard Webhooks 1.0.
func verifySignature(header http.Header, body []byte, secrets []string) error {
	keys, err := decodeSecrets(secrets)
	if err != nil {
		return err
	}
	id, timestamp := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil {
		return fmt.Errorf("%w: it has no webhook-id or no webhook-timestamp", ErrWebhookSignature)
	}
	signatures := strings.Fields(header.Get("Webhook-Signature"))
	if !anySigned(keys, id+"."+timestamp+".", body, signatures) {
		return ErrWebhookSignature
	}
	if age := time.Since(time.Unix(seconds, 0)); age > webhookTolerance || age < -webhookTolerance {
		return ErrWebhookStale
	}
	return nil
}

// anySigned compares in constant time.
func anySigned(keys [][]byte, prefix string, body []byte, signatures []string) bool {
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(prefix))
		mac.Write(body)
		want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, signature := range signatures {
			if hmac.Equal([]byte(signature), []byte(want)) {
				return true
			}
		}
	}
	return false
}

func decodeSecrets(secrets []string) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		encoded, ok := strings.CutPrefix(secret, "whsec_")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(key) == 0 {
			return nil, ErrWebhookSecret
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("no secret was given: %w", ErrWebhookSecret)
	}
	return keys, nil
}
