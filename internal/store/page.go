package store

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// Page says which part of a list is wanted.
type Page struct {
	Size  int    // 0: DefaultPage
	Token string // of the page before; "": the first
}

// DefaultPage is how many things a page has unless the caller says otherwise.
const DefaultPage = 100

func (p Page) size() int {
	if p.Size <= 0 {
		return DefaultPage
	}
	return p.Size
}

type order bool

const (
	oldestFirst order = false
	newestFirst order = true
)

// page returns a page of the members of a sorted set and the token of the next page. The token names
// the last member and its score, so that a page neither repeats nor misses what was there all along.
func (s *Store) page(ctx context.Context, set string, p Page, o order) ([]string, string, error) {
	start, err := s.startOf(ctx, set, p.Token, o)
	if err != nil {
		return nil, "", err
	}
	size := int64(p.size())
	var members []redis.Z
	if o == newestFirst {
		members, err = s.rdb.ZRevRangeWithScores(ctx, set, start, start+size).Result()
	} else {
		members, err = s.rdb.ZRangeWithScores(ctx, set, start, start+size).Result()
	}
	if err != nil {
		return nil, "", failed("reading a page", err)
	}
	more := int64(len(members)) > size
	if more {
		members = members[:size]
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i], _ = m.Member.(string)
	}
	if !more {
		return ids, "", nil
	}
	last := members[len(members)-1]
	return ids, encodeToken(strconv.FormatFloat(last.Score, 'f', -1, 64), ids[len(ids)-1]), nil
}

// startOf returns the rank at which the page after the token starts.
func (s *Store) startOf(ctx context.Context, set, token string, o order) (int64, error) {
	if token == "" {
		return 0, nil
	}
	score, id, err := decodeToken(token)
	if err != nil {
		return 0, err
	}
	rank, behind := s.rdb.ZRank, "("+score
	if o == newestFirst {
		rank = s.rdb.ZRevRank
	}
	r, err := rank(ctx, set, id).Result()
	if err == nil {
		return r + 1, nil
	}
	if !isNil(err) {
		return 0, failed("finding a page", err)
	}
	// The member was removed meanwhile: go on behind its score.
	low, high := "-inf", behind
	if o == newestFirst {
		low, high = behind, "+inf"
	}
	n, err := s.rdb.ZCount(ctx, set, low, high).Result()
	return n, failed("finding a page", err)
}

func encodeToken(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "|")))
}

func decodeToken(token string) (first, rest string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	first, rest, ok := strings.Cut(string(raw), "|")
	if err == nil && ok {
		if _, err := strconv.ParseFloat(first, 64); err == nil {
			return first, rest, nil
		}
	}
	return "", "", synchook.Invalid("page_token", "the page token is not one that this list gave out",
		"Leave page_token empty to start again, or send next_page_token as it came.")
}
