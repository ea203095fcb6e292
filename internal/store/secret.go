package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Keyring encrypts what must not be readable in Redis: credentials, signing and verification secrets.
// The first key encrypts; all decrypt, so that keys can be rotated.
type Keyring struct {
	aeads []cipher.AEAD
	ids   []string
}

// ErrNoKey is answered for a secret that none of the keys can decrypt.
var ErrNoKey = errors.New("a stored secret cannot be decrypted: SYNCHOOK_ENCRYPTION_KEY lacks the key that it was encrypted with")

// NewKeyring reads keys: base64 of 32 bytes each, the newest first.
func NewKeyring(keys ...string) (*Keyring, error) {
	k := &Keyring{}
	for i, text := range keys {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("encryption key %d is not the base64 of 32 bytes; make one with: openssl rand -base64 32", i+1)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		id := sha256.Sum256(raw)
		k.aeads = append(k.aeads, aead)
		k.ids = append(k.ids, base64.RawStdEncoding.EncodeToString(id[:6]))
	}
	if len(k.aeads) == 0 {
		return nil, errors.New("there is no encryption key; make one with: openssl rand -base64 32")
	}
	return k, nil
}

// NewKey returns a new key as NewKeyring reads it.
func NewKey() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// seal encrypts text. The place (project and row) is bound to it: elsewhere it does not decrypt.
func (k *Keyring) seal(text, place string) string {
	if text == "" {
		return ""
	}
	nonce := make([]byte, k.aeads[0].NonceSize())
	_, _ = rand.Read(nonce)
	sealed := k.aeads[0].Seal(nonce, nonce, []byte(text), []byte(place))
	return k.ids[0] + "." + base64.RawStdEncoding.EncodeToString(sealed)
}

// open decrypts what seal returned for the same place.
func (k *Keyring) open(sealed, place string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	id, text, _ := strings.Cut(sealed, ".")
	for i := range k.ids {
		if k.ids[i] != id {
			continue
		}
		raw, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil || len(raw) < k.aeads[i].NonceSize() {
			return "", fmt.Errorf("stored secret of %s is damaged", place)
		}
		n := k.aeads[i].NonceSize()
		plain, err := k.aeads[i].Open(nil, raw[:n], raw[n:], []byte(place))
		if err != nil {
			return "", fmt.Errorf("stored secret of %s is damaged: %w", place, err)
		}
		return string(plain), nil
	}
	return "", fmt.Errorf("%s: %w", place, ErrNoKey)
}
