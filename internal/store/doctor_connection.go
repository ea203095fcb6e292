package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// connectionLeft looks whether the connection is there of which a key is. What is being removed, or was a
// moment ago, is nobody's for a while. A connection that is listed was not deleted: its row was lost, and
// may be in a backup, so what is left of it is not touched.
func (d *doctor) connectionLeft(ctx context.Context, p place) (*trouble, error) {
	con := string(p.connection)
	owners := []string{key(p.project, "con", con), p.key("gone"), key(p.project, "purge", con), key(p.project, "purge")}
	if there, err := d.anyOf(ctx, owners...); err != nil || there {
		return nil, err
	}
	if there, err := d.store.exists(ctx, p.name); err != nil || !there {
		return nil, err
	}
	err := d.store.rdb.ZScore(ctx, key(p.project, "connections"), con).Err()
	if err == nil {
		return nil, nil // the list's check tells
	}
	return &trouble{"connection_without_row", con, func() error { return d.clear(ctx, p.slot) }}, ignoreNil(err)
}

// clear removes all that is in a connection's slot.
func (d *doctor) clear(ctx context.Context, s slot) error {
	return d.store.eachNode(ctx, func(ctx context.Context, node redis.Cmdable) error {
		for cursor := uint64(0); ; {
			names, next, err := node.Scan(ctx, cursor, s.key("*"), keysAtOnce).Result()
			if err != nil {
				return err
			}
			if len(names) > 0 {
				if err := node.Unlink(ctx, names...).Err(); err != nil {
					return err
				}
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	})
}

// lostConnections looks, for connections that are listed and have no row, whether records are left of
// them: these are told apart, and left alone.
func lostConnections(indexes check) check {
	return func(ctx context.Context, d *doctor, l look) (int, []symptom, error) {
		looked, found, err := indexes(ctx, d, l)
		for i := range found {
			if err != nil || l.set != "connections" && (placeOf(l.key(l.set))).kind != "P:connections:" {
				break
			}
			err = d.lostConnection(ctx, &found[i], l.mend)
		}
		return looked, found, failed("examining connections", err)
	}
}

func (d *doctor) lostConnection(ctx context.Context, s *symptom, mend bool) error {
	used, err := d.store.exists(ctx, conKey(s.project, synchook.ConnectionID(s.member), "clock"))
	switch {
	case err != nil:
		return err
	case used:
		s.code = "connection_lost"
	case mend:
		return d.store.rdb.ZRem(ctx, s.key(s.set), s.member).Err()
	}
	return nil
}

// unlisted is for how long deletions need not be on the project's list: they come on it when their run has
// ended.
const unlisted = time.Hour

// findDeletions looks at the deletions of a model: the project must have it on its list of what is to be
// forgotten in time.
func findDeletions(ctx context.Context, d *doctor, q question) (*trouble, error) {
	first, err := d.store.rdb.ZRangeWithScores(ctx, q.key("d:"+q.member), 0, 0).Result()
	if err != nil || len(first) == 0 || d.store.now().Sub(time.UnixMilli(int64(first[0].Score))) < unlisted {
		return nil, err
	}
	if open, err := d.store.exists(ctx, q.key("open")); err != nil || open {
		return nil, err
	}
	tomb := string(q.connection) + "." + q.member
	if err := d.store.rdb.ZScore(ctx, key(q.project, "tombs"), tomb).Err(); !isNil(err) {
		return nil, err
	}
	return &trouble{"deletions_forgotten", "", func() error {
		return d.store.rdb.ZAddNX(ctx, key(q.project, "tombs"), redis.Z{Score: first[0].Score, Member: tomb}).Err()
	}}, nil
}
