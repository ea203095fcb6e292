package worker

import (
	"context"
	"time"

	"github.com/synchook/synchook/internal/queue"
	"github.com/synchook/synchook/internal/script"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// Store is what the worker needs of the store. *store.Store is one.
type Store interface {
	laneStore
	configStore
	recordStore
	sweepStore
	purgeStore
	recoveryStore
}

type laneStore interface {
	TurnRuns(context.Context, synchook.ProjectID, store.Turn, []store.RunDone) (store.Taken[synchook.Run], error)
	TurnDeliveries(context.Context, synchook.ProjectID, store.Turn, []store.DeliveryDone) (store.Taken[synchook.Delivery], error)
	TurnFanout(context.Context, synchook.ProjectID, store.Turn, []store.FanoutDone) (store.Taken[synchook.EventID], error)
	CancelWanted(context.Context, synchook.ProjectID, synchook.RunID) (bool, error)
}

type configStore interface {
	Settings(context.Context, synchook.ProjectID) (synchook.Settings, error)
	Endpoint(context.Context, synchook.ProjectID, synchook.EndpointID) (synchook.Endpoint, error)
	Endpoints(context.Context, synchook.ProjectID) ([]synchook.Endpoint, error)
	EndpointSecrets(context.Context, synchook.ProjectID, synchook.EndpointID) ([]synchook.SigningSecret, error)
	Connection(context.Context, synchook.ProjectID, synchook.ConnectionID) (synchook.Connection, error)
	IntegrationOf(context.Context, synchook.ProjectID, synchook.ConnectionID) (synchook.IntegrationID, error)
	UpdateConnection(context.Context, synchook.ProjectID, synchook.ConnectionID, func(*synchook.Connection) error) (synchook.Connection, error)
	Sync(context.Context, synchook.ProjectID, synchook.IntegrationID, synchook.SyncID) (synchook.Sync, error)
	Script(context.Context, synchook.ProjectID, synchook.ScriptID) (synchook.Script, error)
	RunContext(context.Context, synchook.ProjectID, synchook.Run) (store.RunContext, error)
	EventContent(context.Context, synchook.ProjectID, synchook.EventID) (synchook.EventContent, error)
}

type recordStore interface {
	OpenRun(context.Context, store.Writer) (store.Opened, error)
	SaveBatch(context.Context, store.Writer, synchook.ModelID, []store.RecordWrite) error
	UpdateBatch(context.Context, store.Writer, synchook.ModelID, []store.RecordWrite, store.Merge) error
	DeleteBatch(context.Context, store.Writer, synchook.ModelID, []string) error
	DeleteUnseen(context.Context, store.Writer, synchook.ModelID) error
	SealRun(context.Context, store.Writer, store.Ending) (store.Sealed, error)
	AppendLog(context.Context, synchook.ProjectID, synchook.ConnectionID, synchook.RunID, []store.LogLine, time.Duration) error
}

type recoveryStore interface {
	TurnRecoveries(context.Context, synchook.ProjectID, store.Turn, []store.RecoveryDone) (store.Taken[synchook.RecoveryID], error)
	Recover(context.Context, synchook.ProjectID, synchook.RecoveryID) (store.RecoveryStep, error)
	Recovery(context.Context, synchook.ProjectID, synchook.RecoveryID) (synchook.Recovery, error)
}

type purgeStore interface {
	DuePurges(context.Context, int) ([]store.Purge, error)
	Purge(context.Context, store.Purge) (store.PurgeStep, error)
}

type sweepStore interface {
	Lead(ctx context.Context, role, who string, d time.Duration) (bool, error)
	ProjectIDs(context.Context) ([]synchook.ProjectID, error)
	OverdueLanes(context.Context, []synchook.ProjectID, int) (map[synchook.ProjectID][]store.Overdue, error)
	Rewake(context.Context, synchook.ProjectID, store.Overdue, bool) ([]synchook.Hint, error)
	DueSchedules(context.Context, []synchook.ProjectID, int) (map[synchook.ProjectID][]store.Due, error)
	Census(context.Context, []synchook.ProjectID) (store.Census, error)
	Fire(context.Context, synchook.ProjectID, store.Due, time.Time, synchook.Run) ([]synchook.Hint, error)
	Unschedule(context.Context, synchook.ProjectID, store.Due) error
	Prune(ctx context.Context, p synchook.ProjectID, kind store.RowKind, before time.Time, n, from int) (store.Pruned, error)
	Forget(ctx context.Context, p synchook.ProjectID, before time.Time, n int) (store.Pruned, error)
}

// Queue is what the worker needs of the queue. *queue.Queue is one.
type Queue interface {
	Send(context.Context, ...synchook.Hint) error
	SendAttempt(context.Context, queue.Attempt) error
	OnItsWay(context.Context, synchook.LaneID, int64) (bool, error)
	Announce(context.Context) error
	Backlogs() (map[string]queue.Backlog, error)
}

// Planner queues all runs of an event that triggers very many. *intake.Intake is one.
type Planner interface {
	FanOut(context.Context, synchook.ProjectID, synchook.EventID) error
}

// Engine runs scripts. *script.Engine is one.
type Engine interface {
	Run(context.Context, script.Input, script.Host) error
}

// Sender posts webhooks. *webhook.Sender is one.
type Sender interface {
	Send(context.Context, webhook.Message) webhook.Attempt
}
