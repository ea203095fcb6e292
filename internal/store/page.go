package store

import (
	"context"
	"encoding/base64"
	"math"
	"strconv"
	"strings"

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

type order string

const (
	oldestFirst order = "oldest"
	newestFirst order = "newest"
)

// spot is a place in a listing: behind the member, or at the beginning.
type spot struct{ score, member string }

func (s spot) token() string { return encodeToken(s.score, s.member) }

func (p Page) spot() (s spot, err error) {
	if p.Token != "" {
		s.score, s.member, err = decodeToken(p.Token)
	}
	return s, err
}

// page returns a page of the members of a sorted set and the token of the next page. The token names
// the last member and its score, so that no page repeats or misses what was there all along.
func (s *Store) page(ctx context.Context, set string, p Page, o order) ([]string, string, error) {
	from, err := p.spot()
	if err != nil {
		return nil, "", err
	}
	spots, more, err := s.spots(ctx, listing{sets: []string{set}, order: o}, from, p.size())
	if err != nil || !more {
		return membersOf(spots), "", err
	}
	return membersOf(spots), spots[len(spots)-1].token(), nil
}

// spots returns up to n places of a listing that follow one, and whether there are more.
func (s *Store) spots(ctx context.Context, l listing, from spot, n int) (found []spot, more bool, err error) {
	args := []any{string(l.order), n + 1, from.score, from.member, l.from, l.to}
	if l.some != "" {
		args = append(args, l.some, l.rows)
	}
	members, err := pageScript.Run(ctx, s.rdb, l.sets, args...).StringSlice()
	if err != nil {
		return nil, false, failed("reading a page", err)
	}
	for i := 0; i+1 < len(members); i += 2 {
		found = append(found, spot{score: members[i+1], member: members[i]})
	}
	return found[:min(len(found), n)], len(found) > n, nil
}

func membersOf(spots []spot) []string {
	ids := make([]string, len(spots))
	for i, s := range spots {
		ids[i] = s.member
	}
	return ids
}

func encodeToken(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "|")))
}

func decodeToken(token string) (first, rest string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	first, rest, ok := strings.Cut(string(raw), "|")
	if err == nil && ok {
		if n, err := strconv.ParseFloat(first, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return first, rest, nil
		}
	}
	return "", "", synchook.Invalid("page_token", "the page token is not one that this list gave out",
		"Leave page_token empty to start again, or send next_page_token as it came.")
}
