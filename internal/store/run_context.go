package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/synchook/synchook/internal/synchook"
)

// RunContext is all that a run needs to know about where it runs.
type RunContext struct {
	Project     synchook.Project
	Endpoints   []synchook.Endpoint // that may be told about the run; without a URL they are not
	Settings    synchook.Settings
	Integration synchook.Integration
	Connection  synchook.Connection
	Sync        synchook.Sync
	Status      synchook.SyncStatus
}

// RunContext reads all that a run needs to know in one round trip. What was removed meanwhile is a fault
// of KindNotFound.
func (s *Store) RunContext(ctx context.Context, p synchook.ProjectID, run synchook.Run) (c RunContext, err error) {
	pipe := s.rdb.Pipeline()
	project := readProject(ctx, pipe, p)
	settings := s.readSettings(ctx, pipe, p)
	integration := s.readIntegration(ctx, pipe, p, run.Integration)
	connection := s.readConnection(ctx, pipe, p, run.Connection)
	sync := readSync(ctx, pipe, p, run.Integration, run.Sync)
	status := readStatus(ctx, pipe, p, run.Connection, run.Sync)
	version := pipe.HGet(ctx, key(p, "project"), "ever")
	_, _ = pipe.Exec(ctx) // each reader sees its own error
	if c.Project, err = project(); err != nil {
		return c, err
	}
	if c.Settings, err = settings(); err != nil {
		return c, err
	}
	if c.Integration, err = integration(); err != nil {
		return c, err
	}
	if c.Connection, _, err = connection(); err != nil {
		return c, err
	}
	if c.Sync, err = sync(); err != nil {
		return c, err
	}
	if c.Status, err = status(); err != nil {
		return c, err
	}
	c.Endpoints, err = s.toldOf(ctx, c, version)
	return c, err
}

// toldOf returns the endpoints of a run's project: its connection's own takes the place of the first one.
func (s *Store) toldOf(ctx context.Context, c RunContext, version *redis.StringCmd) ([]synchook.Endpoint, error) {
	first := synchook.FirstEndpoint(c.Project, c.Settings)
	if c.Connection.WebhookURL != "" {
		first = synchook.ConnectionEndpoint(c.Project, c.Settings, c.Connection)
	}
	further, err := s.furtherAt(ctx, c.Project.ID, version)
	return append([]synchook.Endpoint{first}, further...), err
}
