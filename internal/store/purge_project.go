package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

const (
	scanStep = "scan"
	// scanned is the cursor of a node that was read to its end.
	scanned = "end"
	// settleTime is how long requests may still write that were under way when their project was deleted:
	// what they leave is found by a pass that begins afterwards.
	settleTime = time.Minute
)

// closeProject takes a deleted project from what is kept beside the projects: its keys end, and its webhook
// URLs.
func (s *Store) closeProject(ctx context.Context, p synchook.ProjectID) error {
	public, err := s.rdb.HGet(ctx, Purge{Project: p}.row(), "public").Result()
	if err != nil && !isNil(err) {
		return failed("reading a purge", err)
	}
	stored, err := s.rdb.HVals(ctx, key(p, "keys")).Result()
	if err != nil {
		return failed("listing the keys", err)
	}
	pipe := s.rdb.Pipeline()
	for _, text := range stored {
		var k storedKey
		if err := fromJSON(text, &k); err != nil {
			return err
		}
		pipe.HDel(ctx, "synchook:keys", k.Hash)
	}
	pipe.HDel(ctx, "synchook:public", public)
	pipe.ZRem(ctx, "synchook:projects", string(p))
	_, err = pipe.Exec(ctx)
	return failed("closing the project", err)
}

// purgeProject takes a step of a project's purge: the connections' slots are closed, and then all keys of
// the project are looked for, wherever they are, until a pass over the whole store finds none.
func (s *Store) purgeProject(ctx context.Context, p Purge, row map[string]string) error {
	if row["step"] == firstStep {
		return s.closeConnections(ctx, p)
	}
	done := true
	err := s.eachNode(ctx, func(ctx context.Context, node redis.Cmdable) error {
		end, err := s.scanNode(ctx, p, node, row)
		done = done && end
		return err
	})
	if err != nil || !done {
		return failed("looking for keys of a deleted project", err)
	}
	return s.passEnded(ctx, p)
}

// closeConnections has the slots of some connections refuse runs.
func (s *Store) closeConnections(ctx context.Context, p Purge) error {
	if err := s.closeProject(ctx, p.Project); err != nil {
		return err
	}
	index := key(p.Project, "connections")
	cons, err := s.rdb.ZRange(ctx, index, 0, purgeAtMost-1).Result()
	if err != nil {
		return failed("listing the connections", err)
	}
	if len(cons) == 0 {
		return failed("going on with a purge", s.rdb.HSet(ctx, p.row(), "step", scanStep).Err())
	}
	pipe := s.rdb.Pipeline()
	for _, con := range cons {
		pipe.Set(ctx, conKey(p.Project, synchook.ConnectionID(con), "gone"), "1", goneTime)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return failed("closing connections", err)
	}
	return failed("closing connections", s.rdb.ZRem(ctx, index, cons).Err())
}

// scanNode reads some keys of a node, removes the project's, and reports whether the node is at its end.
func (s *Store) scanNode(ctx context.Context, p Purge, node redis.Cmdable, row map[string]string) (end bool, err error) {
	field := "cursor:" + addressOf(node)
	if row[field] == scanned {
		return true, nil
	}
	cursor, _ := strconv.ParseUint(row[field], 10, 64) // none: from the beginning
	keys, next, err := node.Scan(ctx, cursor, "{"+string(p.Project)+"*", purgeAtMost).Result()
	if err != nil {
		return false, err
	}
	removed, err := s.unlink(ctx, p, keys)
	if err != nil {
		return false, err
	}
	at := strconv.FormatUint(next, 10)
	if next == 0 {
		at = scanned
	}
	pipe := s.rdb.TxPipeline()
	pipe.HIncrBy(ctx, p.row(), "keys", removed)
	pipe.HIncrBy(ctx, p.row(), "found", removed)
	pipe.HSet(ctx, p.row(), field, at)
	_, err = pipe.Exec(ctx)
	return next == 0, err
}

// addressOf names a node, so that the cursor of one is not taken for another's.
func addressOf(node redis.Cmdable) string {
	if c, ok := node.(*redis.Client); ok {
		return c.Options().Addr
	}
	return ""
}

// unlink removes keys, but for what the purge itself needs, and what refuses late workers and expires.
func (s *Store) unlink(ctx context.Context, p Purge, keys []string) (int64, error) {
	pipe := s.rdb.Pipeline()
	for _, k := range keys {
		if k != p.row() && k != key(p.Project, "keys") && !strings.HasSuffix(k, "}:gone") {
			pipe.Unlink(ctx, k)
		}
	}
	cmds, err := pipe.Exec(ctx)
	return int64(len(cmds)), err
}

// passEnded says what follows a pass over the whole store.
func (s *Store) passEnded(ctx context.Context, p Purge) error {
	row, err := s.rdb.HGetAll(ctx, p.row()).Result()
	if err != nil {
		return failed("reading a purge", err)
	}
	settled := row["settled"] != ""
	if settled && count(row, "found") == 0 {
		return failed("going on with a purge", s.rdb.HSet(ctx, p.row(), "step", lastStep).Err())
	}
	if !settled {
		if err := s.later(ctx, p, settleTime, "XX"); err != nil {
			return err
		}
	}
	again := []string{"found"}
	for field := range row {
		if strings.HasPrefix(field, "cursor:") {
			again = append(again, field)
		}
	}
	pipe := s.rdb.TxPipeline()
	pipe.HDel(ctx, p.row(), again...)
	pipe.HSet(ctx, p.row(), "settled", "1")
	_, err = pipe.Exec(ctx)
	return failed("going on with a purge", err)
}
