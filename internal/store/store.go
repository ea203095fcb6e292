package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// The versions of the layout in doc.go: the one that is written, and the oldest that can be carried on.
const (
	schemaVersion = 1
	oldestSchema  = 1
)

// Store keeps everything, on Redis. All its methods may be called concurrently.
type Store struct {
	rdb      redis.UniversalClient
	keyring  *Keyring
	now      func() time.Time
	replicas replicas
	used     usedKeys
	public   sync.Map // of projects by their public IDs
	further  sync.Map // furtherEndpoints by project
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
	return judgeSchema(have)
}

// judgeSchema says whether data of that version can be worked on, and what to do if not.
func judgeSchema(have string) error {
	version, err := strconv.Atoi(have)
	switch {
	case err != nil:
		return fmt.Errorf("the key synchook:schema in Redis is %q, which is no version: this Redis, or this database of it, is not synchook's; give it one of its own", have)
	case version > schemaVersion:
		return fmt.Errorf("the data in Redis has schema version %d and this synchook knows versions up to %d: a newer release has worked on it; run that one, or restore the backup from before it. Nothing was changed", version, schemaVersion)
	case version < oldestSchema:
		return fmt.Errorf("the data in Redis has schema version %d and this synchook reads versions from %d on: run the release before this one first, which brings the data up to date. Nothing was changed", version, oldestSchema)
	}
	return nil
}

// Ping returns nil when Redis answers and takes writes.
func (s *Store) Ping(ctx context.Context) error {
	return failed("writing to Redis", s.rdb.Set(ctx, "synchook:ping", "1", time.Minute).Err())
}

// isNil reports whether Redis answered that there is nothing.
func isNil(err error) bool { return errors.Is(err, redis.Nil) }
