package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// listing names the members of one or several sorted sets, in one order.
type listing struct {
	sets     []string // in one slot; no member is in two of them
	order    order
	from, to string // the lowest score, and the first that is too high; "": none
	// some is a set of those members of the first one that are wanted; "": all are. With very many of them all are
	// listed all the same. rows are the names of their rows without the member.
	some, rows string
	sieve      sieve
}

// sieve lets those rows through that have all of some words in a field. Without words it lets all through. It is coarse: a
// word may stand in the field for another reason.
type sieve struct {
	rows  string // the names of the rows without the member
	field string
	words []string
}

// atOnce is how many of the listing's rows are looked at in one round trip at least.
func (l listing) atOnce() int {
	if len(l.sieve.words) > 0 {
		return siftAtOnce
	}
	return scanAtOnce
}

// newSieve returns a sieve for the values that a JSON object of texts has to have; empty ones do not count. The object was
// written by toJSON, which writes a text the same way wherever it stands.
func newSieve[T ~string](rows, field string, values ...T) sieve {
	s := sieve{rows: rows, field: field}
	for _, v := range values {
		if v != "" {
			s.words = append(s.words, toJSON(v))
		}
	}
	return s
}

const (
	// scanAtOnce is how many rows a filtered list looks at in one round trip at least.
	scanAtOnce = 250
	// siftAtOnce is the same of a list that has a sieve, which reads little of them.
	siftAtOnce = 1000
	// scanMost is about how many rows it reads before it answers with what it has; a page of them at least.
	scanMost = 1000
)

// reader puts the reading of a row into a pipeline, and returns what was read.
type reader[T any] func(pipe redis.Pipeliner, id string) func() (T, error)

// list returns a page of those rows of a listing that are kept, and the token of the next. A filter that
// keeps few makes a page short: what it costs depends on the page, and not on how much is stored.
func list[T any](ctx context.Context, s *Store, l listing, p Page, read reader[T], keep func(T) bool) ([]T, string, error) {
	at, err := p.spot()
	if err != nil {
		return nil, "", err
	}
	var out []T
	for looked, chunk := 0, p.size(); looked < scanMost; chunk = max(p.size(), l.atOnce()) {
		spots, more, err := s.spots(ctx, l, at, chunk)
		if err != nil {
			return nil, "", err
		}
		through, err := s.sift(ctx, l, spots)
		if err != nil {
			return nil, "", err
		}
		rows, err := readAll(ctx, s, spots, through, read)
		if err != nil {
			return nil, "", err
		}
		kept, n := firstOf(rows, keep, p.size()-len(out))
		out = append(out, kept...)
		if !more && n == len(rows) {
			return out, "", nil
		}
		at = spots[n-1]
		if len(out) == p.size() {
			break
		}
		looked += n
	}
	return out, at.token(), nil
}

// firstOf returns the first rows that are kept, most of them at most, and how many it looked at.
func firstOf[T any](rows []*T, keep func(T) bool, most int) (kept []T, looked int) {
	for i, row := range rows {
		if row == nil || !keep(*row) {
			continue
		}
		if kept = append(kept, *row); len(kept) == most {
			return kept, i + 1
		}
	}
	return kept, len(rows)
}

// sift returns which of the rows the listing's sieve lets through.
func (s *Store) sift(ctx context.Context, l listing, spots []spot) (through []int64, err error) {
	if len(l.sieve.words) == 0 {
		for i := range spots {
			through = append(through, int64(i))
		}
		return through, nil
	}
	args := []any{l.sieve.rows, l.sieve.field, len(l.sieve.words)}
	for _, w := range l.sieve.words {
		args = append(args, w)
	}
	for _, at := range spots {
		args = append(args, at.member)
	}
	through, err = sieveScript.Run(ctx, s.rdb, l.sets[:1], args...).Int64Slice()
	return through, failed("looking through a page", err)
}

// readAll reads those of the rows that are let through, in one round trip. The others, and those that were removed
// meanwhile, are nil.
func readAll[T any](ctx context.Context, s *Store, spots []spot, through []int64, read reader[T]) ([]*T, error) {
	rows := make([]*T, len(spots))
	if len(through) == 0 {
		return rows, nil
	}
	pipe := s.rdb.Pipeline()
	results := make([]func() (T, error), len(through))
	for n, i := range through {
		results[n] = read(pipe, spots[i].member)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, failed("reading a page", err)
	}
	for n, i := range through {
		row, err := results[n]()
		switch {
		case synchook.IsKind(err, synchook.KindNotFound):
		case err != nil:
			return nil, err
		default:
			rows[i] = &row
		}
	}
	return rows, nil
}
