package store

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// RowKind is a kind of rows that are removed some time after they have ended.
type RowKind string

// The kinds of rows.
const (
	EventRows    RowKind = "event"
	RunRows      RowKind = "run"
	DeliveryRows RowKind = "dlv"
	RecoveryRows RowKind = "recovery"
)

// RowKinds returns all kinds of rows.
func RowKinds() []RowKind { return []RowKind{EventRows, RunRows, DeliveryRows, RecoveryRows} }

// Pruned is what a step of pruning did.
type Pruned struct {
	Removed int
	// Next is how many rows, which are old and have not finished, the next step passes over.
	Next int
	// Done says that there are no more old ones.
	Done bool
}

// Prune looks at n rows of a kind, those after the first from, and removes the finished ones that ended
// before t. An event is kept as long as a run of it waits.
func (s *Store) Prune(ctx context.Context, p synchook.ProjectID, kind RowKind, t time.Time, n, from int) (Pruned, error) {
	answer, err := s.inProject(ctx, p, pruneScript, string(kind), millis(t), n, from).Int64Slice()
	if err != nil {
		return Pruned{}, failed("pruning", err)
	}
	return Pruned{Removed: int(answer[0]), Next: int(answer[1]), Done: answer[1] < 0}, nil
}

// blocked is after how long deleted records are looked at again that an open run counts.
const blocked = time.Minute

// Forget removes up to n records, of one connection and model, that were deleted before t. It is done
// when no others are due. A record that is saved again afterwards counts as added.
func (s *Store) Forget(ctx context.Context, p synchook.ProjectID, t time.Time, n int) (Pruned, error) {
	tombs := key(p, "tombs")
	members, err := s.rdb.ZRangeByScore(ctx, tombs, &redis.ZRangeBy{Min: "-inf", Max: "(" + millis(t), Count: 1}).Result()
	if err != nil {
		return Pruned{}, failed("looking for deleted records", err)
	}
	if len(members) == 0 {
		return Pruned{Done: true}, nil
	}
	con, model, _ := strings.Cut(members[0], ".")
	answer, err := s.inConnection(ctx, p, synchook.ConnectionID(con), forgetScript, model, millis(t), n).Slice()
	if err != nil {
		return Pruned{}, failed("forgetting deleted records", err)
	}
	w := words(answer)
	removed, first := int(number(w[0])), w[1]
	if removed == 0 && first != "" {
		first = millis(t.Add(blocked))
	}
	return Pruned{Removed: removed}, s.lookAgain(ctx, p, members[0], first)
}

// lookAgain notes when the first deleted record of a connection and model was deleted, or that there is
// none. A run that ends just then may have deleted one in between.
func (s *Store) lookAgain(ctx context.Context, p synchook.ProjectID, member, first string) error {
	tombs := key(p, "tombs")
	if first != "" {
		err := s.rdb.ZAddXX(ctx, tombs, redis.Z{Score: number(first), Member: member}).Err()
		return failed("noting deleted records", err)
	}
	if err := s.rdb.ZRem(ctx, tombs, member).Err(); err != nil {
		return failed("noting deleted records", err)
	}
	con, model, _ := strings.Cut(member, ".")
	left, err := s.rdb.ZRangeWithScores(ctx, conKey(p, synchook.ConnectionID(con), "d:"+model), 0, 0).Result()
	if err != nil || len(left) == 0 {
		return failed("looking for deleted records", err)
	}
	err = s.rdb.ZAddLT(ctx, tombs, redis.Z{Score: left[0].Score, Member: member}).Err()
	return failed("noting deleted records", err)
}

// Forgotten returns when the last of a model's deleted records was deleted that are no longer kept; the
// zero time: all are. A delta of that time or an earlier one misses deletions.
func (s *Store) Forgotten(ctx context.Context, p synchook.ProjectID, con synchook.ConnectionID, model synchook.ModelID) (time.Time, error) {
	text, err := s.rdb.HGet(ctx, conKey(p, con, "pruned"), string(model)).Result()
	if isNil(err) {
		return time.Time{}, nil
	}
	return fromMillis(text), failed("reading what is forgotten", err)
}
