package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// What a census looks at, at most.
const (
	censusProjects  = 1000 // with something that waits, those first that are due first
	censusLanes     = 50   // of a project
	censusEndpoints = 20   // that are told one by one
)

// Census is what waits, over all projects.
type Census struct {
	RunsQueued, RunsRunning, DeliveriesPending int64
	OldestRun                                  time.Duration // how long the oldest queued run waits
	// Untaken is how long the oldest due row waits that no worker took, by what waits in its lane: "runs",
	// "deliveries", "fanouts" or "recoveries".
	Untaken map[string]time.Duration
	// Endpoints are those whose oldest pending delivery is the oldest, oldest first, 20 at most.
	Endpoints []PendingEndpoint
}

// PendingEndpoint is an endpoint to which something is owed.
type PendingEndpoint struct {
	Project  synchook.ProjectID
	Endpoint synchook.EndpointID
	Oldest   time.Duration // how long its oldest pending delivery waits
}

// Census counts what waits. What it costs depends on how many projects there are, and in how many of
// them something waits; not on how much.
func (s *Store) Census(ctx context.Context, projects []synchook.ProjectID) (Census, error) {
	c := Census{Untaken: map[string]time.Duration{"runs": 0, "deliveries": 0, "fanouts": 0, "recoveries": 0}}
	busy, err := s.firstDue(ctx, projects)
	if err != nil {
		return c, err
	}
	slices.SortFunc(busy, func(a, b dueProject) int { return cmp.Compare(a.first, b.first) })
	for _, b := range busy[:min(len(busy), censusProjects)] {
		answer, err := s.inProject(ctx, b.project, censusScript, censusLanes).Slice()
		if err != nil {
			return c, failed("counting what waits", err)
		}
		if err := c.add(b.project, words(answer)); err != nil {
			return c, err
		}
	}
	slices.SortFunc(c.Endpoints, func(a, b PendingEndpoint) int { return cmp.Compare(b.Oldest, a.Oldest) })
	c.Endpoints = c.Endpoints[:min(len(c.Endpoints), censusEndpoints)]
	return c, nil
}

// add adds a project's answer.
func (c *Census) add(p synchook.ProjectID, w []string) error {
	c.RunsQueued += int64(number(w[0]))
	c.RunsRunning += int64(number(w[1]))
	c.DeliveriesPending += int64(number(w[2]))
	c.OldestRun = max(c.OldestRun, span(w[3]))
	for i, lanes := range []string{"runs", "deliveries", "fanouts", "recoveries"} {
		c.Untaken[lanes] = max(c.Untaken[lanes], span(w[6+i]))
	}
	if w[5] == "" {
		return nil
	}
	var facts synchook.DeliveryFacts
	if err := fromJSON(w[5], &facts); err != nil {
		return err
	}
	c.Endpoints = append(c.Endpoints, PendingEndpoint{Project: p, Endpoint: facts.Endpoint, Oldest: span(w[4])})
	return nil
}

// span reads milliseconds. Rows of lanes have fractions of one, which keep their order.
func span(ms string) time.Duration { return time.Duration(math.Round(number(ms))) * time.Millisecond }

// dueProject is a project in which something waits or is under way.
type dueProject struct {
	project synchook.ProjectID
	first   float64 // when somebody must have touched its first lane, in unix milliseconds
}

// firstDue asks each of the projects for its first lane, in one round trip.
func (s *Store) firstDue(ctx context.Context, projects []synchook.ProjectID) ([]dueProject, error) {
	if len(projects) == 0 {
		return nil, nil
	}
	pipe := s.rdb.Pipeline()
	firsts := make([]*redis.ZSliceCmd, len(projects))
	for i, p := range projects {
		firsts[i] = pipe.ZRangeWithScores(ctx, key(p, "due"), 0, 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, failed("looking for projects in which something waits", err)
	}
	var due []dueProject
	for i, p := range projects {
		if first := firsts[i].Val(); len(first) > 0 {
			due = append(due, dueProject{p, first[0].Score})
		}
	}
	return due, nil
}
