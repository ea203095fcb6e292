package webhook

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	vectorID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody   = `{"test": 2432232314}`
	vectorSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

var vectorTime = time.Unix(1614265330, 0)

func TestSignatureIsTheStandardWebhooksVector(t *testing.T) {
	t.Parallel()
	header := Headers(vectorID, vectorTime, []byte(vectorBody), []Secret{mustParse(t, vectorSecret)})
	want := map[string]string{
		"webhook-id":        vectorID,
		"webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		// printf '%s' "$body" | openssl dgst -sha256 -hmac "$secret"
		"X-Nango-Hmac-Sha256": "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c",
		// printf '%s%s' "$secret" "$body" | sha256sum
		"X-Nango-Signature": "c69d7354cb1c0a601943b43f0dd3d7a41f5ee2bb4a963e6147c6b0718007136c",
	}
	for name, value := range want {
		if got := header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if len(header) != len(want) {
		t.Errorf("the headers are %v", header)
	}
}

func TestEverySecretOfARotationVerifiesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	body := issues.Bytes()
	secrets := []Secret{mustMake(t), mustMake(t), mustMake(t)}
	header := Headers("dlv_1", time.Now(), body, secrets)
	for _, secret := range secrets {
		oracle, err := standardwebhooks.NewWebhook(secret.Text())
		if err != nil {
			t.Fatal(err)
		}
		if err := oracle.Verify(body, header); err != nil {
			t.Errorf("the library refuses: %v", err)
		}
		if err := oracle.Verify(append([]byte(" "), body...), header); err == nil {
			t.Error("the library accepts another body")
		}
	}
	stranger, _ := standardwebhooks.NewWebhook(mustMake(t).Text())
	if err := stranger.Verify(body, header); err == nil {
		t.Error("the library accepts with a secret that did not sign")
	}
	first := Headers("dlv_1", time.Now(), body, secrets[:1])
	if header.Get(HeaderNangoHMAC) != first.Get(HeaderNangoHMAC) || header.Get(HeaderNango) != first.Get(HeaderNango) {
		t.Error("the Nango signatures are not those of the first secret")
	}
}

func TestNoSecretsMeansNoSignature(t *testing.T) {
	t.Parallel()
	header := Headers("dlv_1", vectorTime, nil, nil)
	if len(header) != 2 || header.Get(HeaderID) != "dlv_1" || header.Get(HeaderTimestamp) != "1614265330" {
		t.Errorf("the headers are %v", header)
	}
}

func TestParseSecretTakesKeysOf24To64BytesOnly(t *testing.T) {
	t.Parallel()
	encode := func(size int) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, size)) }
	tests := map[string]bool{
		vectorSecret:                    true,
		"whsec_" + encode(24):           true,
		"whsec_" + encode(64):           true,
		"whsec_" + encode(23):           false,
		"whsec_" + encode(65):           false,
		"whsec_":                        false,
		"":                              false,
		encode(32):                      false,
		"WHSEC_" + encode(32):           false,
		"whsec_" + encode(32) + "!":     false,
		" whsec_" + encode(32):          false,
		"whsec_" + encode(32)[:43]:      false,
		"whsk_" + encode(32):            false,
		"whsec_" + encode(32) + "\x00=": false,
	}
	for text, valid := range tests {
		secret, err := ParseSecret(text)
		if valid && (err != nil || secret.Text() != text) {
			t.Errorf("%q: %v, %v", text, secret.Text(), err)
		}
		if !valid && !errors.Is(err, ErrSecret) {
			t.Errorf("%q: got %v, want ErrSecret", text, err)
		}
	}
}

func TestNewSecretIsRandomAndParses(t *testing.T) {
	t.Parallel()
	one, two := mustMake(t), mustMake(t)
	if one.Text() == two.Text() {
		t.Error("two new secrets are the same")
	}
	if parsed := mustParse(t, one.Text()); !bytes.Equal(parsed.key, one.key) {
		t.Error("a new secret reads back as another")
	}
	if _, err := NewSecret(iotest.ErrReader(errors.New("no entropy"))); err == nil {
		t.Error("a secret was made without randomness")
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := mustParse(t, vectorSecret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, []Secret{secret}); strings.Contains(text, "MfKQ9r8") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func mustParse(t testing.TB, text string) Secret {
	t.Helper()
	secret, err := ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func mustMake(t testing.TB) Secret {
	t.Helper()
	secret, err := NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}
