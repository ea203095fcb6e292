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
}

const (
	// scanAtOnce is how many rows a filtered list reads in one round trip at least.
	scanAtOnce = 250
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
	for looked, chunk := 0, p.size(); looked < scanMost; chunk = max(p.size(), scanAtOnce) {
		spots, more, err := s.spots(ctx, l, at, chunk)
		if err != nil {
			return nil, "", err
		}
		rows, err := readAll(ctx, s, spots, read)
		if err != nil {
			return nil, "", err
		}
		kept, n := sift(rows, keep, p.size()-len(out))
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

// sift returns the first rows that are kept, most of them at most, and how many it looked at.
func sift[T any](rows []*T, keep func(T) bool, most int) (kept []T, looked int) {
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

// readAll reads rows in one round trip; those that were removed meanwhile are nil.
func readAll[T any](ctx context.Context, s *Store, spots []spot, read reader[T]) ([]*T, error) {
	if len(spots) == 0 {
		return nil, nil
	}
	pipe := s.rdb.Pipeline()
	results := make([]func() (T, error), len(spots))
	for i, at := range spots {
		results[i] = read(pipe, at.member)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, failed("reading a page", err)
	}
	rows := make([]*T, len(spots))
	for i, result := range results {
		row, err := result()
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
