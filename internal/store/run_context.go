package store

import (
	"context"

	"github.com/synchook/synchook/internal/synchook"
)

// RunContext is all that a run needs to know about where it runs.
type RunContext struct {
	Project     synchook.Project
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
	c.Status, err = status()
	return c, err
}
