package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/synchook/synchook/internal/synchook"
)

// MaxKeys is how many API keys a project may have.
const MaxKeys = 1000

// usedKeys remembers when keys were last noted as used, so that this costs one write a minute.
type usedKeys struct {
	mu sync.Mutex
	at map[synchook.KeyID]time.Time
}

type storedKey struct {
	synchook.APIKey
	Hash string
}

// CreateAPIKey makes a key and returns it with its secret, which is kept nowhere.
func (s *Store) CreateAPIKey(ctx context.Context, p synchook.ProjectID, name string, scopes []synchook.Scope) (synchook.APIKey, string, error) {
	count, err := s.rdb.HLen(ctx, key(p, "keys")).Result()
	if err != nil {
		return synchook.APIKey{}, "", failed("counting the keys", err)
	}
	if count >= MaxKeys {
		return synchook.APIKey{}, "", &synchook.Fault{
			Kind: synchook.KindExhausted, Reason: "too_many_api_keys",
			Message: "the project has 1,000 API keys, which is the most", Help: "Revoke the keys that are no longer used.",
		}
	}
	var raw [32]byte
	_, _ = rand.Read(raw[:])
	secret := "sk_" + base64.RawURLEncoding.EncodeToString(raw[:])
	now := s.now().UTC()
	k := storedKey{Hash: hashKey(secret), APIKey: synchook.APIKey{
		ID: synchook.KeyID(synchook.NewID(synchook.KeyPrefix, now)), Name: name, Scopes: scopes, Prefix: secret[:8], Created: now,
	}}
	if _, err := s.create(ctx, p, nil, []any{"HSET", "keys", string(k.ID), toJSON(k)}); err != nil {
		return k.APIKey, "", failed("storing the key", err)
	}
	entry := strings.Join([]string{string(p), string(k.ID), joinScopes(scopes)}, "|")
	err = s.rdb.HSet(ctx, "synchook:keys", k.Hash, entry).Err()
	return k.APIKey, secret, failed("storing the key's hash", err)
}

// Caller returns who calls with that key.
func (s *Store) Caller(ctx context.Context, secret string) (synchook.Caller, error) {
	entry, err := s.rdb.HGet(ctx, "synchook:keys", hashKey(secret)).Result()
	if isNil(err) {
		return synchook.Caller{}, unknownKey()
	}
	if err != nil {
		return synchook.Caller{}, failed("looking up the key", err)
	}
	part := strings.SplitN(entry, "|", 3)
	c := synchook.Caller{Project: synchook.ProjectID(part[0]), Key: synchook.KeyID(part[1])}
	for _, scope := range strings.Split(part[2], ",") {
		c.Scopes = append(c.Scopes, synchook.Scope(scope))
	}
	s.noteUse(ctx, c)
	return c, nil
}

func unknownKey() *synchook.Fault {
	return &synchook.Fault{
		Kind: synchook.KindUnauthenticated, Reason: "unknown_api_key", Message: "the API key is unknown or revoked",
		Help: "Send a key of this server as `authorization: Bearer sk_...`; CreateAPIKey makes one.",
	}
}

func (s *Store) noteUse(ctx context.Context, c synchook.Caller) {
	now := s.now()
	s.used.mu.Lock()
	if s.used.at == nil || len(s.used.at) > 100_000 {
		s.used.at = map[synchook.KeyID]time.Time{}
	}
	fresh := now.Sub(s.used.at[c.Key]) < time.Minute
	if !fresh {
		s.used.at[c.Key] = now
	}
	s.used.mu.Unlock()
	if !fresh {
		// A use that cannot be noted is not worth refusing the request for.
		_ = s.rdb.HSet(ctx, key(c.Project, "keys", "used"), string(c.Key), millis(now)).Err()
	}
}

// APIKeys returns a project's keys, oldest first.
func (s *Store) APIKeys(ctx context.Context, p synchook.ProjectID) ([]synchook.APIKey, error) {
	stored, err := s.rdb.HGetAll(ctx, key(p, "keys")).Result()
	if err != nil {
		return nil, failed("listing the keys", err)
	}
	used, err := s.rdb.HGetAll(ctx, key(p, "keys", "used")).Result()
	if err != nil {
		return nil, failed("listing the keys' use", err)
	}
	var keys []synchook.APIKey
	for id, text := range stored {
		var k storedKey
		if err := fromJSON(text, &k); err != nil {
			return nil, err
		}
		k.LastUsed = fromMillis(used[id])
		keys = append(keys, k.APIKey)
	}
	slices.SortFunc(keys, func(a, b synchook.APIKey) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return keys, nil
}

// RevokeAPIKey ends a key at once. One that does not exist is no error.
func (s *Store) RevokeAPIKey(ctx context.Context, p synchook.ProjectID, id synchook.KeyID) error {
	text, err := s.rdb.HGet(ctx, key(p, "keys"), string(id)).Result()
	if isNil(err) {
		return nil
	}
	if err != nil {
		return failed("reading the key", err)
	}
	var k storedKey
	if err := fromJSON(text, &k); err != nil {
		return err
	}
	if err := s.rdb.HDel(ctx, "synchook:keys", k.Hash).Err(); err != nil {
		return failed("ending the key", err)
	}
	if err := s.rdb.HDel(ctx, key(p, "keys", "used"), string(id)).Err(); err != nil {
		return failed("removing the key's use", err)
	}
	return failed("removing the key", s.rdb.HDel(ctx, key(p, "keys"), string(id)).Err())
}

func hashKey(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func joinScopes(scopes []synchook.Scope) string {
	var b strings.Builder
	for i, s := range scopes {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(s))
	}
	return b.String()
}
