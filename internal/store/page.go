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

// page returns a page of the members of a sorted set and the token of the next page. The token names
// the last member and its score, so that no page repeats or misses what was there all along.
func (s *Store) page(ctx context.Context, set string, p Page, o order) ([]string, string, error) {
	var score, id string
	if p.Token != "" {
		var err error
		if score, id, err = decodeToken(p.Token); err != nil {
			return nil, "", err
		}
	}
	members, err := pageScript.Run(ctx, s.rdb, []string{set}, string(o), p.size()+1, score, id).StringSlice()
	if err != nil {
		return nil, "", failed("reading a page", err)
	}
	ids := make([]string, 0, p.size())
	for i := 0; i+1 < len(members) && len(ids) < p.size(); i += 2 {
		ids = append(ids, members[i])
	}
	if len(members) <= 2*p.size() {
		return ids, "", nil
	}
	last := 2 * (p.size() - 1)
	return ids, encodeToken(members[last+1], members[last]), nil
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
