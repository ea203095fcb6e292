package server

import api "github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"

// recoveryService serves synchook.v1.RecoveryService.
type recoveryService struct {
	api.UnimplementedRecoveryServiceHandler
}
