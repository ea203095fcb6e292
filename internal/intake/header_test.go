package intake

import (
	"net/http"
	"slices"
	"testing"
)

func TestHeadersWithSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
		"X-Hub-Signature", "X-Hub-Signature-256", "Stripe-Signature", "X-Slack-Signature", "X-Shopify-Hmac-Sha256",
		"X-HubSpot-Signature-v3", "Linear-Signature", "X-Gitlab-Token", "X-Notion-Signature", "X-Twilio-Signature",
		"Webhook-Signature", "Svix-Signature", "X-Goog-Channel-Token", "X-Api-Key", "Apikey", "X-Access-Key", "X-Auth", "X-Auth-Key",
		"X-Webhook-Secret", "X-Password", "X-Session-Id", "X-Client-Jwt", "X-CSRF-Token", "X-Credential", "X-Sig",
	} {
		if kept := visible(http.Header{name: {"hush"}}); len(kept) != 0 {
			t.Errorf("%s is kept", name)
		}
	}
}

func TestHeadersThatScriptsNeedAreKept(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Content-Type", "User-Agent", "Traceparent", "X-Request-Id",
		"X-GitHub-Event", "X-GitHub-Delivery", "X-Github-Hook-Installation-Target-Id",
		"X-Slack-Request-Timestamp", "X-Shopify-Topic", "X-Shopify-Webhook-Id", "X-Shopify-Shop-Domain", "X-HubSpot-Request-Timestamp",
		"Linear-Delivery", "Linear-Event", "X-Gitlab-Event", "X-Gitlab-Event-UUID", "Idempotency-Key", "X-Atlassian-Webhook-Identifier",
		"I-Twilio-Idempotency-Token", "Webhook-Id", "Webhook-Timestamp", "Svix-Id", "X-Author", "X-Signed-By",
	} {
		if kept := visible(http.Header{name: {"a", "b"}}); kept[name] != "a, b" {
			t.Errorf("%s is not kept: %v", name, kept)
		}
	}
}

func TestAHeaderIsJudgedWhateverItsCase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"X-GITLAB-TOKEN", "x-gitlab-token", "i-twilio-idempotency-token", "I-TWILIO-IDEMPOTENCY-TOKEN"} {
		want := slices.Contains([]string{"X-GITLAB-TOKEN", "x-gitlab-token"}, name)
		if got := secretHeader(name); got != want {
			t.Errorf("%s holds a secret: %t", name, got)
		}
	}
}
