package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// schemaVersion is the version of the layout in doc.go.
const schemaVersion = "1"

// Store keeps everything, on Redis. All its methods may be called concurrently.
type Store struct {
	rdb      redis.UniversalClient
	keyring  *Keyring
	now      func() time.Time
	replicas replicas
	used     usedKeys
	public   sync.Map // of projects by their public IDs
}

// New returns a store on the given Redis. It does not connect: Open does.
func New(rdb redis.UniversalClient, keyring *Keyring) *Store {
	return &Store{rdb: rdb, keyring: keyring, now: time.Now}
}

// Open checks that Redis answers and that the data in it is of a version that this program knows.
func (s *Store) Open(ctx context.Context) error {
	if _, err := s.rdb.SetNX(ctx, "synchook:schema", schemaVersion, 0).Result(); err != nil {
		return failed("writing the schema version", err)
	}
	have, err := s.rdb.Get(ctx, "synchook:schema").Result()
	if err != nil {
		return failed("reading the schema version", err)
	}
	if have != schemaVersion {
		return fmt.Errorf("the data in Redis has schema version %s and this synchook knows version %s; run the version that wrote it, or a newer one", have, schemaVersion)
	}
	return nil
}

// Ping returns nil when Redis answers and takes writes.
func (s *Store) Ping(ctx context.Context) error {
	return failed("writing to Redis", s.rdb.Set(ctx, "synchook:ping", "1", time.Minute).Err())
}

// isNil reports whether Redis answered that there is nothing.
func isNil(err error) bool { return errors.Is(err, redis.Nil) }
