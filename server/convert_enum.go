package server

import (
	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/synchook"
)

// Each function here converts between our words and the contract's numbers, in both directions from
// one table: a word that a table lacks is the contract's "unspecified", and the other way round "".

type words[Word ~string, Enum ~int32] []struct {
	word Word
	enum Enum
}

func (w words[Word, Enum]) enum(word Word) Enum {
	for _, p := range w {
		if p.word == word {
			return p.enum
		}
	}
	return 0
}

func (w words[Word, Enum]) word(enum Enum) Word {
	for _, p := range w {
		if p.enum == enum {
			return p.word
		}
	}
	return ""
}

func scopeWords() words[synchook.Scope, v1.Scope] {
	return words[synchook.Scope, v1.Scope]{
		{synchook.ScopeRead, v1.Scope_SCOPE_READ}, {synchook.ScopeWrite, v1.Scope_SCOPE_WRITE},
		{synchook.ScopeDeploy, v1.Scope_SCOPE_DEPLOY}, {synchook.ScopeIngest, v1.Scope_SCOPE_INGEST},
	}
}

func credentialsWords() words[synchook.CredentialsKind, v1.CredentialsKind] {
	return words[synchook.CredentialsKind, v1.CredentialsKind]{
		{synchook.CredentialsNone, v1.CredentialsKind_CREDENTIALS_KIND_NONE},
		{synchook.CredentialsBearer, v1.CredentialsKind_CREDENTIALS_KIND_BEARER},
		{synchook.CredentialsBasic, v1.CredentialsKind_CREDENTIALS_KIND_BASIC},
		{synchook.CredentialsHeader, v1.CredentialsKind_CREDENTIALS_KIND_HEADER},
	}
}

func runStateWords() words[synchook.RunState, v1.RunState] {
	return words[synchook.RunState, v1.RunState]{
		{synchook.RunQueued, v1.RunState_RUN_STATE_QUEUED}, {synchook.RunRunning, v1.RunState_RUN_STATE_RUNNING},
		{synchook.RunSucceeded, v1.RunState_RUN_STATE_SUCCEEDED}, {synchook.RunFailed, v1.RunState_RUN_STATE_FAILED},
		{synchook.RunCancelled, v1.RunState_RUN_STATE_CANCELLED},
	}
}

func triggerWords() words[synchook.Trigger, v1.Trigger] {
	return words[synchook.Trigger, v1.Trigger]{
		{synchook.TriggerEvent, v1.Trigger_TRIGGER_EVENT}, {synchook.TriggerSchedule, v1.Trigger_TRIGGER_SCHEDULE},
		{synchook.TriggerManual, v1.Trigger_TRIGGER_MANUAL},
	}
}

func outcomeWords() words[synchook.Outcome, v1.EventOutcome] {
	return words[synchook.Outcome, v1.EventOutcome]{
		{synchook.OutcomeMatched, v1.EventOutcome_EVENT_OUTCOME_MATCHED},
		{synchook.OutcomeUnmatched, v1.EventOutcome_EVENT_OUTCOME_UNMATCHED},
		{synchook.OutcomeHandshake, v1.EventOutcome_EVENT_OUTCOME_HANDSHAKE},
	}
}

func deliveryStateWords() words[synchook.DeliveryState, v1.DeliveryState] {
	return words[synchook.DeliveryState, v1.DeliveryState]{
		{synchook.DeliveryPending, v1.DeliveryState_DELIVERY_STATE_PENDING},
		{synchook.DeliveryDelivered, v1.DeliveryState_DELIVERY_STATE_DELIVERED},
		{synchook.DeliveryExhausted, v1.DeliveryState_DELIVERY_STATE_EXHAUSTED},
		{synchook.DeliveryCancelled, v1.DeliveryState_DELIVERY_STATE_CANCELLED},
		{synchook.DeliverySuperseded, v1.DeliveryState_DELIVERY_STATE_SUPERSEDED},
	}
}

func endpointStateWords() words[synchook.EndpointState, v1.EndpointState] {
	return words[synchook.EndpointState, v1.EndpointState]{
		{synchook.EndpointHealthy, v1.EndpointState_ENDPOINT_STATE_HEALTHY},
		{synchook.EndpointThrottled, v1.EndpointState_ENDPOINT_STATE_THROTTLED},
		{synchook.EndpointFailing, v1.EndpointState_ENDPOINT_STATE_FAILING},
		{synchook.EndpointOff, v1.EndpointState_ENDPOINT_STATE_DISABLED},
		{synchook.EndpointPaused, v1.EndpointState_ENDPOINT_STATE_PAUSED},
	}
}

func recoveryStateWords() words[synchook.RecoveryState, v1.RecoveryState] {
	return words[synchook.RecoveryState, v1.RecoveryState]{
		{synchook.RecoveryRunning, v1.RecoveryState_RECOVERY_STATE_RUNNING},
		{synchook.RecoveryPaused, v1.RecoveryState_RECOVERY_STATE_PAUSED},
		{synchook.RecoverySucceeded, v1.RecoveryState_RECOVERY_STATE_SUCCEEDED},
		{synchook.RecoveryCancelled, v1.RecoveryState_RECOVERY_STATE_CANCELLED},
	}
}

func operationalWords() words[synchook.OperationalType, v1.OperationalType] {
	return words[synchook.OperationalType, v1.OperationalType]{
		{synchook.SyncFailed, v1.OperationalType_OPERATIONAL_TYPE_SYNC_FAILED},
		{synchook.SyncRecovered, v1.OperationalType_OPERATIONAL_TYPE_SYNC_RECOVERED},
		{synchook.EndpointDisabled, v1.OperationalType_OPERATIONAL_TYPE_ENDPOINT_DISABLED},
		{synchook.EndpointRecovered, v1.OperationalType_OPERATIONAL_TYPE_ENDPOINT_RECOVERED},
		{synchook.DeliveryGivenUp, v1.OperationalType_OPERATIONAL_TYPE_DELIVERY_EXHAUSTED},
		{synchook.ConnectionRefused, v1.OperationalType_OPERATIONAL_TYPE_CONNECTION_REFUSED},
	}
}

func actionWords() words[synchook.Action, v1.RecordAction] {
	return words[synchook.Action, v1.RecordAction]{
		{synchook.ActionAdded, v1.RecordAction_RECORD_ACTION_ADDED},
		{synchook.ActionUpdated, v1.RecordAction_RECORD_ACTION_UPDATED},
		{synchook.ActionDeleted, v1.RecordAction_RECORD_ACTION_DELETED},
	}
}

func changeWords() words[synchook.ChangeKind, v1.SyncChangeKind] {
	return words[synchook.ChangeKind, v1.SyncChangeKind]{
		{synchook.ChangeAdded, v1.SyncChangeKind_SYNC_CHANGE_KIND_ADDED},
		{synchook.ChangeChanged, v1.SyncChangeKind_SYNC_CHANGE_KIND_CHANGED},
		{synchook.ChangeRemoved, v1.SyncChangeKind_SYNC_CHANGE_KIND_REMOVED},
		{synchook.ChangeUnchanged, v1.SyncChangeKind_SYNC_CHANGE_KIND_UNCHANGED},
	}
}
