package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// MaxStatsWindow is how far statistics go back at most.
const MaxStatsWindow = 48 * time.Hour

const (
	statsSpan = 10 * time.Minute           // that one key holds
	statsKept = MaxStatsWindow + time.Hour // lua/stats.lua has it too
)

// What is owed is looked at, at most.
const (
	owedLanes  = 1000 // those first to which something is owed for the longest
	owedAtOnce = 200  // in one script
	backlogs   = 100  // that are told
)

// DeliveryFigures count what happened to deliveries in some time.
type DeliveryFigures struct {
	Created, Exhausted, Superseded int64
	FailedAttempts                 int64 // also those that were throttled
	ThrottledAttempts              int64
	Latencies                      synchook.Latencies // of all attempts
}

// Attempts returns how many attempts were made.
func (f DeliveryFigures) Attempts() int64 { return f.Latencies.Total() }

// Delivered returns how many deliveries were delivered: one by each attempt that did not fail.
func (f DeliveryFigures) Delivered() int64 { return f.Attempts() - f.FailedAttempts }

// Add adds what happened in another time.
func (f *DeliveryFigures) Add(o DeliveryFigures) {
	f.Created += o.Created
	f.Exhausted += o.Exhausted
	f.Superseded += o.Superseded
	f.FailedAttempts += o.FailedAttempts
	f.ThrottledAttempts += o.ThrottledAttempts
	if f.Latencies == nil {
		f.Latencies = synchook.Latencies{}
	}
	for bucket, n := range o.Latencies {
		f.Latencies[bucket] += n
	}
}

// DeliveryMinute is what happened in a minute.
type DeliveryMinute struct {
	Start time.Time
	DeliveryFigures
}

// Backlog is what is owed to an endpoint.
type Backlog struct {
	Endpoint synchook.EndpointID
	Pending  int64
	Oldest   synchook.DeliveryID // that was made first
	Since    time.Time           // when it was made
}

// DeliveryStats are figures about deliveries.
type DeliveryStats struct {
	Minutes            []DeliveryMinute // in which something happened, oldest first
	Pending, Exhausted int64            // now
	// Backlogs are of endpoints that are owed something, the one with the oldest delivery first, 100 at most.
	// Of more than 1,000 only those count that have been owed something for the longest.
	Backlogs []Backlog
}

// DeliveryStats returns what happened in the last time, counted by whole minutes, and what is owed now: in all, or
// with an endpoint to that one. What it costs does not depend on how many deliveries are stored.
func (s *Store) DeliveryStats(ctx context.Context, p synchook.ProjectID, end synchook.EndpointID, window time.Duration) (DeliveryStats, error) {
	now, owed, err := s.owed(ctx, p, end)
	if err != nil {
		return DeliveryStats{}, err
	}
	waiting := key(p, "deliveries", "pending")
	if end != "" {
		waiting = key(p, "rows", string(synchook.DeliveryLane(end)))
	}
	pipe := s.rdb.Pipeline()
	pending, exhausted := pipe.ZCard(ctx, waiting), pipe.ZCard(ctx, key(p, about(end, "deliveries", "exhausted")...))
	counts, err := readCounts(ctx, pipe, now, window, func(span string) string { return key(p, about(end, "stat", span)...) })
	if err != nil {
		return DeliveryStats{}, failed("reading the statistics of deliveries", err)
	}
	stats := DeliveryStats{Pending: pending.Val(), Exhausted: exhausted.Val(), Backlogs: owed}
	for _, start := range sortedTimes(counts) {
		m := DeliveryMinute{Start: start}
		for what, n := range counts[start] {
			m.count(what, n)
		}
		stats.Minutes = append(stats.Minutes, m)
	}
	return stats, nil
}

// readCounts executes the pipe, and reads what stats.lua counted in the minutes of a window, by what happened. The keys are
// named by their span.
func readCounts(ctx context.Context, pipe redis.Pipeliner, now time.Time, window time.Duration, named func(span string) string) (map[time.Time]map[string]int64, error) {
	from := now.Add(-min(window, MaxStatsWindow)).Truncate(time.Minute)
	spans := map[time.Time]*redis.MapStringStringCmd{}
	for at := from.Truncate(statsSpan); !at.After(now); at = at.Add(statsSpan) {
		spans[at] = pipe.HGetAll(ctx, named(strconv.FormatInt(at.Unix()/int64(statsSpan.Seconds()), 10)))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	counts := map[time.Time]map[string]int64{}
	for at, cmd := range spans {
		for field, n := range cmd.Val() {
			minute, what, _ := strings.Cut(field, ".")
			start := at.Add(time.Duration(number(minute)) * time.Minute)
			if start.Before(from) {
				continue
			}
			if counts[start] == nil {
				counts[start] = map[string]int64{}
			}
			counts[start][what] = int64(number(n))
		}
	}
	return counts, nil
}

// sortedTimes are the minutes that something was counted in, oldest first.
func sortedTimes(counts map[time.Time]map[string]int64) []time.Time {
	return slices.SortedFunc(maps.Keys(counts), time.Time.Compare)
}

// about returns the parts of the name of a key of the whole project, or of an endpoint.
func about(end synchook.EndpointID, parts ...string) []string {
	if end != "" {
		parts = append(parts, string(end))
	}
	return parts
}

// count takes in what stats.lua calls by that word.
func (f *DeliveryFigures) count(what string, n int64) {
	switch what {
	case "c":
		f.Created = n
	case "x":
		f.Exhausted = n
	case "s":
		f.Superseded = n
	case "f":
		f.FailedAttempts = n
	case "t":
		f.ThrottledAttempts = n
	default:
		f.Add(DeliveryFigures{Latencies: synchook.Latencies{int(number(what)): n}})
	}
}

// owed returns the store's time and what is owed to each endpoint, or to one.
func (s *Store) owed(ctx context.Context, p synchook.ProjectID, end synchook.EndpointID) (now time.Time, all []Backlog, err error) {
	lane := ""
	if end != "" {
		lane = string(synchook.DeliveryLane(end))
	}
	for from := 0; from < owedLanes; from += owedAtOnce {
		answer, err := s.inProject(ctx, p, owedScript, from, owedAtOnce, lane).Slice()
		if err != nil {
			return now, nil, failed("counting what is owed", err)
		}
		w := words(answer[:2])
		now = fromMillis(w[0])
		for _, row := range answer[2:] {
			r := words(row)
			all = append(all, Backlog{
				Endpoint: synchook.LaneID(r[0]).Endpoint(), Pending: int64(number(r[1])), Since: fromMillis(r[2]), Oldest: synchook.DeliveryID(r[3]),
			})
		}
		if lane != "" || int(number(w[1])) < owedAtOnce {
			break
		}
	}
	slices.SortFunc(all, func(a, b Backlog) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Oldest, b.Oldest)) })
	return now, all[:min(len(all), backlogs)], nil
}
