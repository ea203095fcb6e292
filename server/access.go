package server

import (
	api "github.com/synchook/synchook/gen/synchook/v1/synchookv1connect"
	"github.com/synchook/synchook/internal/synchook"
)

// access is who may call a method.
type access struct {
	scope synchook.Scope
	admin bool // only the admin key, and about no project in particular
}

// accessTo returns who may call a method, by its procedure. A method that is not here is served to
// nobody.
func accessTo(procedure string) (access, bool) {
	switch procedure {
	case api.ProjectServiceCreateProjectProcedure, api.ProjectServiceListProjectsProcedure,
		api.ProjectServiceDeleteProjectProcedure:
		return access{admin: true}, true
	case api.ProjectServiceGetProjectProcedure, api.ProjectServiceGetProjectSettingsProcedure, api.ProjectServiceGetActivityProcedure,
		api.APIKeyServiceListAPIKeysProcedure,
		api.IntegrationServiceGetIntegrationProcedure, api.IntegrationServiceListIntegrationsProcedure,
		api.ConnectionServiceGetConnectionProcedure, api.ConnectionServiceListConnectionsProcedure,
		api.SyncServiceListSyncsProcedure, api.SyncServiceGetSyncProcedure,
		api.RunServiceListRunsProcedure, api.RunServiceGetRunProcedure,
		api.EventServiceListEventsProcedure, api.EventServiceGetEventProcedure, api.EventServiceTryMatchProcedure,
		api.DeliveryServiceListDeliveriesProcedure, api.DeliveryServiceGetDeliveryProcedure,
		api.DeliveryServiceWatchDeliveriesProcedure, api.DeliveryServiceListenDeliveriesProcedure,
		api.DeliveryServiceGetDeliveryStatsProcedure, api.RecordServiceListRecordsProcedure,
		api.EndpointServiceGetEndpointProcedure, api.EndpointServiceListEndpointsProcedure,
		api.RecoveryServiceGetRecoveryProcedure, api.RecoveryServiceListRecoveriesProcedure,
		api.RecoveryServiceWatchRecoveryProcedure:
		return access{scope: synchook.ScopeRead}, true
	case api.ProjectServiceUpdateProjectSettingsProcedure, api.ProjectServiceRotateSigningSecretProcedure,
		api.APIKeyServiceCreateAPIKeyProcedure, api.APIKeyServiceRevokeAPIKeyProcedure,
		api.IntegrationServiceCreateIntegrationProcedure, api.IntegrationServiceUpdateIntegrationProcedure,
		api.IntegrationServiceDeleteIntegrationProcedure,
		api.ConnectionServiceCreateConnectionProcedure, api.ConnectionServiceUpdateConnectionProcedure,
		api.ConnectionServiceDeleteConnectionProcedure,
		api.SyncServiceTriggerSyncProcedure, api.SyncServicePauseSyncProcedure, api.SyncServiceStartSyncProcedure,
		api.RunServiceCancelRunProcedure, api.RunServiceRetryRunProcedure,
		api.EventServiceReplayEventProcedure, api.DeliveryServiceRetryDeliveryProcedure,
		api.EndpointServiceCreateEndpointProcedure, api.EndpointServiceUpdateEndpointProcedure,
		api.EndpointServiceDeleteEndpointProcedure, api.EndpointServicePauseEndpointProcedure,
		api.EndpointServiceResumeEndpointProcedure, api.EndpointServiceRotateEndpointSecretProcedure,
		api.EndpointServiceSendTestWebhookProcedure,
		api.RecoveryServiceCreateRecoveryProcedure, api.RecoveryServicePauseRecoveryProcedure,
		api.RecoveryServiceResumeRecoveryProcedure, api.RecoveryServiceCancelRecoveryProcedure:
		return access{scope: synchook.ScopeWrite}, true
	case api.SyncServiceDeploySyncsProcedure:
		return access{scope: synchook.ScopeDeploy}, true
	case api.WebhookServiceIngestWebhookProcedure:
		return access{scope: synchook.ScopeIngest}, true
	}
	return access{}, false
}
