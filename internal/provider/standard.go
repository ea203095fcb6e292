package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far a signature's time may be from ours.
const tolerance = 5 * time.Minute

// standardWebhooks is every sender that follows Standard Webhooks, such as Svix and who uses it: Clerk,
// Resend and many others.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
type standardWebhooks struct{}

// Name implements Provider.
func (standardWebhooks) Name() string { return "standard-webhooks" }

// BaseURL implements Provider.
func (standardWebhooks) BaseURL() string { return "" }

// MaxBody implements Provider. The spec advises less than 20 kB.
func (standardWebhooks) MaxBody() int64 { return 5 << 20 }

// DefaultMatch implements Provider: each sender names its accounts in its own way.
func (standardWebhooks) DefaultMatch() []Match { return nil }

// Handshake implements Provider: there is none.
func (standardWebhooks) Handshake(Request) (Reply, bool) { return Reply{}, false }

// signedHeaders are the three headers of the spec.
type signedHeaders struct {
	id, timestamp, signatures string
}

// readSignedHeaders takes all three from one family, "webhook-" or Svix's older "svix-".
func readSignedHeaders(request Request) signedHeaders {
	prefix := "Webhook-"
	if request.Header.Get("Webhook-Id") == "" {
		prefix = "Svix-"
	}
	return signedHeaders{
		id:         request.Header.Get(prefix + "Id"),
		timestamp:  request.Header.Get(prefix + "Timestamp"),
		signatures: request.Header.Get(prefix + "Signature"),
	}
}

// Verify implements Provider: the signature is a list of "v1,<base64 HMAC of id.timestamp.body>", of
// which one must be by one of the secrets, and the time within five minutes.
func (standardWebhooks) Verify(request Request, config Config) error {
	keys := standardKeys(config.Secrets)
	if len(keys) == 0 {
		return ErrNoSecret
	}
	headers := readSignedHeaders(request)
	if headers.id == "" || headers.timestamp == "" || headers.signatures == "" {
		return fmt.Errorf("webhook-id, webhook-timestamp and webhook-signature are not all there: %w", ErrMissingSignature)
	}
	seconds, err := strconv.ParseInt(headers.timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("webhook-timestamp is not a number of seconds: %w", ErrWrongSignature)
	}
	if !headers.signedBy(keys, request.Body) {
		return ErrWrongSignature
	}
	if age := request.Received.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return ErrStale
	}
	return nil
}

func (h signedHeaders) signedBy(keys [][]byte, body []byte) bool {
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(h.id + "." + h.timestamp + "."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, signature := range strings.Fields(h.signatures) {
			encoded, ok := strings.CutPrefix(signature, "v1,")
			given, err := base64.StdEncoding.DecodeString(encoded)
			if ok && err == nil && hmac.Equal(given, want) {
				return true
			}
		}
	}
	return false
}

// standardKeys decodes the secrets, which are base64 with or without "whsec_" before it. Those that are
// not cannot have signed anything and are left out.
func standardKeys(secrets []string) [][]byte {
	var keys [][]byte
	for _, secret := range secrets {
		encoded := strings.TrimRight(strings.TrimPrefix(secret, "whsec_"), "=")
		key, err := base64.RawStdEncoding.DecodeString(encoded)
		if err == nil && len(key) > 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// Parse implements Provider. The type is the body's "type".
func (standardWebhooks) Parse(request Request) (Event, error) {
	if !json.Valid(request.Body) {
		return Event{}, fmt.Errorf("%w: it is not JSON", ErrBody)
	}
	return single(readSignedHeaders(request).id, stringAt(request.Body, "type"), request.Body), nil
}
