package server

import (
	"context"

	"github.com/synchook/synchook/internal/intake"
	"github.com/synchook/synchook/internal/synchook"
)

// Intake makes incoming webhooks events. *intake.Intake is one.
type Intake interface {
	// Receive verifies a webhook, stores it and plans its runs.
	Receive(ctx context.Context, in intake.Incoming) (intake.Receipt, error)
	// Replay processes an event again and returns its new runs.
	Replay(ctx context.Context, p synchook.ProjectID, id synchook.EventID) (synchook.Event, []synchook.RunID, error)
	// Try says what an event would set off now, with that matching rule unless it is nil.
	Try(ctx context.Context, p synchook.ProjectID, id synchook.EventID, match *synchook.Match) (intake.Trial, error)
}
