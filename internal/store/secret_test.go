package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/storetest"
	"github.com/synchook/synchook/internal/synchook"
)

// under returns a store on the Redis with those keys.
func under(t *testing.T, rdb *redis.Client, keys ...string) *store.Store {
	t.Helper()
	keyring, err := store.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return store.New(rdb, keyring)
}

func TestNoSecretCanBeReadInRedis(t *testing.T) {
	t.Parallel()
	w := ownWorld(t) // its project has a signing secret, its integration "provider-secret"
	c, err := w.st.CreateConnection(t.Context(), w.p, synchook.Connection{
		Integration: w.Integration.ID, Name: "acme", Metadata: []byte("{}"), Config: []byte("{}"),
		Credentials: synchook.Credentials{Kind: synchook.CredentialsBasic, Name: "user-name-of-acme", Value: "token-of-acme"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.st.UpdateConnection(t.Context(), w.p, c.ID, func(c *synchook.Connection) error {
		c.Credentials.Value = "next-token-of-acme"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.st.RotateSigningSecret(t.Context(), w.p, "whsec_next", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, key, err := w.st.CreateAPIKey(t.Context(), w.p, "ci", synchook.AllScopes())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.st.UpdateSettings(t.Context(), synchook.Caller{Project: w.p}, "", func(s *synchook.Settings) error {
		s.WebhookHeaders = map[string]string{"Authorization": "header-of-acme"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if set, err := w.st.Settings(t.Context(), w.p); err != nil || set.WebhookHeaders["Authorization"] != "header-of-acme" {
		t.Errorf("the headers are %v (%v)", set.WebhookHeaders, err)
	}
	for _, secret := range []string{
		"header-of-acme", storetest.SigningSecret, strings.TrimPrefix(storetest.SigningSecret, "whsec_"), "whsec_next",
		"provider-secret", "token-of-acme", "user-name-of-acme", key, key[10:],
	} {
		if found := w.mentions(t, secret); len(found) != 0 {
			t.Errorf("%q can be read in %q", secret, found)
		}
	}
}

func TestASecretIsBoundToItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := storetest.Project(t, w.st)
	stolen := w.rdb.HGet(t.Context(), w.key("project"), "sec").Val()
	w.rdb.HSet(t.Context(), "{"+string(other.ID)+"}:project", "sec", stolen)
	if secrets, err := w.st.SigningSecrets(t.Context(), other.ID); err == nil {
		t.Errorf("a secret copied to another project is %v", secrets)
	}
	if _, err := w.st.SigningSecrets(t.Context(), w.p); err != nil {
		t.Errorf("in its own place: %v", err)
	}
}

func TestKeysCanBeRotated(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	oldKey, newKey := store.NewKey(), store.NewKey()
	p := storetest.Project(t, under(t, rdb, oldKey))
	both := under(t, rdb, newKey, oldKey)
	if secrets, err := both.SigningSecrets(t.Context(), p.ID); err != nil || secrets[0].Text != storetest.SigningSecret {
		t.Errorf("with both keys: %v (%v)", secrets, err)
	}
	if _, err := under(t, rdb, newKey).SigningSecrets(t.Context(), p.ID); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("without the old key: %v, want %v", err, store.ErrNoKey)
	}
	if err := both.RotateSigningSecret(t.Context(), p.ID, "whsec_next", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if secrets, err := under(t, rdb, newKey).SigningSecrets(t.Context(), p.ID); err != nil || len(secrets) != 2 {
		t.Errorf("what is written after the rotation needs the new key only: %v (%v)", secrets, err)
	}
}

func TestADamagedSecretIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed := w.rdb.HGet(t.Context(), w.key("project"), "sec").Val()
	for _, damaged := range []string{sealed[:len(sealed)-2], sealed[:12], strings.ToUpper(sealed), "x." + sealed} {
		w.rdb.HSet(t.Context(), w.key("project"), "sec", damaged)
		if _, err := w.st.SigningSecrets(t.Context(), w.p); err == nil {
			t.Errorf("%q is taken", damaged)
		}
	}
}

func TestAKeyringSaysWhatIsWrongWithItsKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"none": nil, "not base64": {"!"}, "too short": {"c2hvcnQ="}, "the second": {store.NewKey(), ""},
	} {
		_, err := store.NewKeyring(keys...)
		if err == nil || !strings.Contains(err.Error(), "openssl rand -base64 32") {
			t.Errorf("%s: %v, want an error that says how to make a key", name, err)
		}
	}
	if _, err := store.NewKeyring(" " + store.NewKey() + "\n"); err != nil {
		t.Errorf("a key with space around it: %v", err)
	}
}

func TestSigningSecretsSignSideBySideWhileOneIsRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	until := time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC()
	for _, text := range []string{"whsec_2", "whsec_3"} {
		if err := w.st.RotateSigningSecret(t.Context(), w.p, text, until); err != nil {
			t.Fatal(err)
		}
	}
	secrets, err := w.st.SigningSecrets(t.Context(), w.p)
	if err != nil || len(secrets) != 3 || secrets[0].Text != "whsec_3" || !secrets[0].Expires.IsZero() || !secrets[2].Expires.Equal(until) {
		t.Errorf("secrets = %+v (%v)", secrets, err)
	}
	if live := synchook.LiveSecrets(secrets, until); len(live) != 1 || live[0] != "whsec_3" {
		t.Errorf("after the hour %q sign, want the newest only", live)
	}
	if err := w.st.RotateSigningSecret(t.Context(), w.p, "whsec_4", time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if secrets, _ = w.st.SigningSecrets(t.Context(), w.p); len(secrets) != 1 {
		t.Errorf("after a rotation at once: %+v, want the newest only", secrets)
	}
}

func TestKeysThatDecryptNothingInTheStoreAreFoundAtOnce(t *testing.T) {
	t.Parallel()
	rdb, right, other := storetest.Redis(t), store.NewKey(), store.NewKey()
	if err := under(t, rdb, other).CheckKeys(t.Context()); err != nil {
		t.Errorf("of an empty store: %v", err)
	}
	storetest.Project(t, under(t, rdb, right))
	for name, c := range map[string]struct {
		keys []string
		want error
	}{
		"the key":                 {[]string{right}, nil},
		"another, and the key":    {[]string{other, right}, nil},
		"another key":             {[]string{other}, store.ErrOtherKeys},
		"two of which none is it": {[]string{other, store.NewKey()}, store.ErrOtherKeys},
	} {
		if err := under(t, rdb, c.keys...).CheckKeys(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%s: the error is %v, want %v", name, err, c.want)
		}
	}
	rdb.HSet(t.Context(), "{prj_damaged}:project", "sec", "?")
	rdb.ZAdd(t.Context(), "synchook:projects", redis.Z{Score: 1, Member: "prj_damaged"})
	if err := under(t, rdb, right).CheckKeys(t.Context()); err != nil {
		t.Errorf("one project that is damaged: %v", err)
	}
}
