package server

import (
	"context"
	"errors"
	"time"

	api "github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
	"github.com/synchook/synchook/internal/synchook"
)

// How long the store may take for a request before it is answered that the store does not answer. Who
// calls should hear that soon, and try again, rather than hold a connection and a body.
const (
	lookupTime = 5 * time.Second // to find out who calls
	intakeTime = 5 * time.Second // the most impatient providers wait 3 to 5 s
	callTime   = 10 * time.Second
	deployTime = time.Minute // 500 scripts are much to write
	countTime  = time.Minute // of a million deliveries each may have to be looked at
	hintTime   = 2 * time.Second
	testTime   = 5 * time.Minute // what a sender waits for an answer is its own
)

// timeFor returns how long the store may take for an RPC.
func timeFor(procedure string) time.Duration {
	switch procedure {
	case api.SyncServiceDeploySyncsProcedure:
		return deployTime
	case api.RecoveryServiceCreateRecoveryProcedure:
		return countTime
	case api.EndpointServiceSendTestWebhookProcedure:
		return testTime
	}
	return callTime
}

// within does something that must not take longer than d. When it does, and the caller still waits, the
// error is a fault that passes.
func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	err := do(limited)
	var told *synchook.Fault
	if err == nil || errors.As(err, &told) || limited.Err() == nil || ctx.Err() != nil {
		return err
	}
	return &synchook.Fault{
		Kind: synchook.KindUnavailable, Reason: "store_unavailable", Message: "the store did not answer within " + d.String(),
		Help: "Try again; if it lasts, /readyz says what is wrong.", Err: err,
	}
}
