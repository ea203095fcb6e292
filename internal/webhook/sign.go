package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers that carry an attempt's identity and signatures, in the form that http.Header keeps.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
	HeaderNangoHMAC = "X-Nango-Hmac-Sha256"
	HeaderNango     = "X-Nango-Signature"
)

// The Standard Webhooks spec asks for keys of 24 to 64 bytes.
const (
	secretPrefix  = "whsec_"
	minSecretSize = 24
	maxSecretSize = 64
	newSecretSize = 32
)

// ErrSecret says that a text is not a signing secret.
var ErrSecret = errors.New(`a signing secret is "whsec_" followed by the base64 of 24 to 64 bytes`)

// Secret signs outgoing webhooks. Its zero value signs nothing. It prints without its key, so that it
// cannot reach a log by accident.
type Secret struct {
	text string
	key  []byte
}

// NewSecret makes a secret of 32 bytes read from random, which is crypto/rand.Reader outside tests.
func NewSecret(random io.Reader) (Secret, error) {
	key := make([]byte, newSecretSize)
	if _, err := io.ReadFull(random, key); err != nil {
		return Secret{}, fmt.Errorf("make a signing secret: %w", err)
	}
	return Secret{text: secretPrefix + base64.StdEncoding.EncodeToString(key), key: key}, nil
}

// ParseSecret reads a secret's text. Every failure is ErrSecret, which does not repeat the text.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	if !ok {
		return Secret{}, ErrSecret
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) < minSecretSize || len(key) > maxSecretSize {
		return Secret{}, ErrSecret
	}
	return Secret{text: text, key: key}, nil
}

// ParseSecrets reads the texts of secrets.
func ParseSecrets(texts []string) ([]Secret, error) {
	secrets := make([]Secret, 0, len(texts))
	for _, text := range texts {
		secret, err := ParseSecret(text)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// Text is the secret as its owner knows it, "whsec_...".
func (s Secret) Text() string { return s.text }

// String hides the secret.
func (s Secret) String() string { return secretPrefix + "***" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// Headers sign one attempt. The body is signed as Standard Webhooks 1.0 says, once with each secret, so
// that a receiver may hold the old or the new one while a secret is being rotated; and in the two ways
// of Nango with the first secret, the one that holds when the rotation is over. Without secrets the
// attempt has an ID and a timestamp, and no signature.
func Headers(id string, timestamp time.Time, body []byte, secrets []Secret) http.Header {
	header := make(http.Header, 16)
	sign(header, id, timestamp, body, secrets)
	return header
}

// sign sets the headers in one slice of values: they are made for every attempt.
func sign(header http.Header, id string, timestamp time.Time, body []byte, secrets []Secret) {
	seconds := strconv.FormatInt(timestamp.Unix(), 10)
	values := []string{id, seconds, "", "", ""}
	header[HeaderID] = values[0:1:1]
	header[HeaderTimestamp] = values[1:2:2]
	if len(secrets) == 0 {
		return
	}
	values[2] = standardSignatures(id, seconds, body, secrets)
	values[3], values[4] = nangoSignatures(body, secrets[0].text)
	header[HeaderSignature] = values[2:3:3]
	header[HeaderNangoHMAC] = values[3:4:4]
	header[HeaderNango] = values[4:5:5]
}

// standardSignatures is the list "v1,<base64> v1,<base64>".
func standardSignatures(id, seconds string, body []byte, secrets []Secret) string {
	prefix := make([]byte, 0, len(id)+len(seconds)+2)
	prefix = append(append(append(append(prefix, id...), '.'), seconds...), '.')
	list := make([]byte, 0, len(secrets)*48)
	var sum [sha256.Size]byte
	for i, secret := range secrets {
		if i > 0 {
			list = append(list, ' ')
		}
		mac := hmac.New(sha256.New, secret.key)
		mac.Write(prefix)
		mac.Write(body)
		list = base64.StdEncoding.AppendEncode(append(list, "v1,"...), mac.Sum(sum[:0]))
	}
	return string(list)
}

// nangoSignatures are the HMAC of the body, and the older hash of the secret and the body. Their key is
// the secret's text, "whsec_" included.
func nangoSignatures(body []byte, text string) (hmacSHA256, signature string) {
	key := []byte(text)
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	hash := sha256.New()
	hash.Write(key)
	hash.Write(body)
	return hex.EncodeToString(mac.Sum(nil)), hex.EncodeToString(hash.Sum(nil))
}
