package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/url"
	"strings"
)

// github is GitHub's webhooks, of apps, organisations and repositories.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
type github struct{}

// Name implements Provider.
func (github) Name() string { return "github" }

// BaseURL implements Provider.
func (github) BaseURL() string { return "https://api.github.com" }

// MaxBody implements Provider. GitHub caps its payloads at 25 MB.
func (github) MaxBody() int64 { return 25 << 20 }

// DefaultMatch implements Provider. An app's webhooks name its installation, which is the customer's;
// those of a repository or an organisation have an owner only.
func (github) DefaultMatch() []Match {
	return []Match{
		{From: "installation.id", To: "connection_config.installation_id"},
		{From: "repository.owner.login", To: "connection_config.owner"},
		{From: "organization.login", To: "connection_config.owner"},
	}
}

// Verify implements Provider: X-Hub-Signature-256 is "sha256=" and the hexadecimal HMAC of the raw
// body, whatever its content type. The older SHA-1 header is not looked at.
func (github) Verify(request Request, config Config) error {
	const name = "X-Hub-Signature-256"
	secrets := usable(config.Secrets)
	if len(secrets) == 0 {
		return ErrNoSecret
	}
	header := request.Header.Get(name)
	if header == "" {
		return fmt.Errorf("no header %s: %w", name, ErrMissingSignature)
	}
	encoded, ok := strings.CutPrefix(header, "sha256=")
	given, err := hex.DecodeString(encoded)
	if !ok || err != nil {
		return fmt.Errorf("the header %s is malformed: %w", name, ErrWrongSignature)
	}
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(request.Body)
		if hmac.Equal(given, mac.Sum(nil)) {
			return nil
		}
	}
	return ErrWrongSignature
}

// usable leaves empty secrets out: an HMAC with an empty key is one that anybody can make.
func usable(secrets []string) []string {
	var kept []string
	for _, secret := range secrets {
		if secret != "" {
			kept = append(kept, secret)
		}
	}
	return kept
}

// Handshake implements Provider: GitHub sends a ping when a webhook is set up. Any 2xx answers it, and
// what it says is shown to whoever set it up.
func (github) Handshake(request Request) (Reply, bool) {
	return Reply{}, request.Header.Get("X-GitHub-Event") == "ping"
}

// Parse implements Provider. The type is the event's name and, where the payload has one, its action,
// such as "issues.opened".
func (github) Parse(request Request) (Event, error) {
	name := request.Header.Get("X-GitHub-Event")
	if name == "" {
		return Event{}, fmt.Errorf("%w: it has no header X-GitHub-Event", ErrBody)
	}
	payload, err := githubPayload(request)
	if err != nil {
		return Event{}, err
	}
	if action := stringAt(payload, "action"); action != "" {
		name += "." + action
	}
	return single(request.Header.Get("X-GitHub-Delivery"), name, payload), nil
}

// githubPayload finds the JSON, which a webhook set to "application/x-www-form-urlencoded" has in a
// form's field.
func githubPayload(request Request) ([]byte, error) {
	payload := request.Body
	mediaType, _, _ := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if mediaType == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(request.Body))
		if err != nil {
			return nil, fmt.Errorf("%w: its form cannot be read", ErrBody)
		}
		payload = []byte(form.Get("payload"))
	}
	if !isObject(payload) {
		return nil, fmt.Errorf("%w: it holds no JSON object", ErrBody)
	}
	return payload, nil
}

// single is the event of a provider that sends one thing at a time.
func single(id, eventType string, payload []byte) Event {
	return Event{ID: id, Type: eventType, Items: []Item{{ID: id, Type: eventType, Payload: payload}}}
}
