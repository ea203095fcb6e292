import { DeliveryState } from "@synchook/client/gen/delivery_pb";
import { EndpointKind, EndpointState } from "@synchook/client/gen/endpoint_pb";
import { EventOutcome } from "@synchook/client/gen/event_pb";
import { RecordAction } from "@synchook/client/gen/record_pb";
import { RecoveryState } from "@synchook/client/gen/recovery_pb";
import { RunState, Trigger } from "@synchook/client/gen/run_pb";
import type { Tone } from "../ui/badge.js";

/** Stated is a state in a word and a tone. */
export interface Stated {
  word: string;
  tone: Tone;
}

const endpointStates: Record<EndpointState, Stated> = {
  [EndpointState.UNSPECIFIED]: { word: "not known", tone: "mute" },
  [EndpointState.HEALTHY]: { word: "healthy", tone: "good" },
  [EndpointState.THROTTLED]: { word: "throttled", tone: "warn" },
  [EndpointState.FAILING]: { word: "failing", tone: "bad" },
  [EndpointState.DISABLED]: { word: "disabled", tone: "bad" },
  [EndpointState.PAUSED]: { word: "paused", tone: "info" },
};

/** endpointState says how an endpoint does. */
export function endpointState(state: EndpointState): Stated {
  return endpointStates[state] ?? endpointStates[EndpointState.UNSPECIFIED];
}

const endpointKinds: Record<EndpointKind, string> = {
  [EndpointKind.UNSPECIFIED]: "",
  [EndpointKind.PROJECT]: "the webhook URL",
  [EndpointKind.FURTHER]: "further endpoint",
  [EndpointKind.CONNECTION]: "of a connection",
};

/** endpointKind says where an endpoint's URL comes from. */
export function endpointKind(kind: EndpointKind): string {
  return endpointKinds[kind] ?? "";
}

const deliveryStates: Record<DeliveryState, Stated> = {
  [DeliveryState.UNSPECIFIED]: { word: "not known", tone: "mute" },
  [DeliveryState.PENDING]: { word: "pending", tone: "info" },
  [DeliveryState.DELIVERED]: { word: "delivered", tone: "good" },
  [DeliveryState.EXHAUSTED]: { word: "given up", tone: "bad" },
  [DeliveryState.CANCELLED]: { word: "cancelled", tone: "mute" },
  [DeliveryState.SUPERSEDED]: { word: "superseded", tone: "mute" },
  [DeliveryState.UNDELIVERED]: { word: "not delivered", tone: "warn" },
};

/** deliveryState says where a delivery stands. */
export function deliveryState(state: DeliveryState): Stated {
  return deliveryStates[state] ?? deliveryStates[DeliveryState.UNSPECIFIED];
}

const recoveryStates: Record<RecoveryState, Stated> = {
  [RecoveryState.UNSPECIFIED]: { word: "not known", tone: "mute" },
  [RecoveryState.DRY_RUN]: { word: "counted", tone: "mute" },
  [RecoveryState.RUNNING]: { word: "running", tone: "info" },
  [RecoveryState.PAUSED]: { word: "paused", tone: "warn" },
  [RecoveryState.SUCCEEDED]: { word: "done", tone: "good" },
  [RecoveryState.CANCELLED]: { word: "cancelled", tone: "mute" },
};

/** recoveryState says where a recovery stands. */
export function recoveryState(state: RecoveryState): Stated {
  return recoveryStates[state] ?? recoveryStates[RecoveryState.UNSPECIFIED];
}

const eventOutcomes: Record<EventOutcome, Stated> = {
  [EventOutcome.UNSPECIFIED]: { word: "not known", tone: "mute" },
  [EventOutcome.MATCHED]: { word: "matched", tone: "good" },
  [EventOutcome.UNMATCHED]: { word: "unmatched", tone: "warn" },
  [EventOutcome.HANDSHAKE]: { word: "handshake", tone: "mute" },
};

/** eventOutcome says what came of an event. */
export function eventOutcome(outcome: EventOutcome): Stated {
  return eventOutcomes[outcome] ?? eventOutcomes[EventOutcome.UNSPECIFIED];
}

const runStates: Record<RunState, Stated> = {
  [RunState.UNSPECIFIED]: { word: "not known", tone: "mute" },
  [RunState.QUEUED]: { word: "queued", tone: "info" },
  [RunState.RUNNING]: { word: "running", tone: "info" },
  [RunState.SUCCEEDED]: { word: "succeeded", tone: "good" },
  [RunState.FAILED]: { word: "failed", tone: "bad" },
  [RunState.CANCELLED]: { word: "cancelled", tone: "mute" },
};

/** runState says where a run stands. */
export function runState(state: RunState): Stated {
  return runStates[state] ?? runStates[RunState.UNSPECIFIED];
}

const triggers: Record<Trigger, string> = {
  [Trigger.UNSPECIFIED]: "",
  [Trigger.EVENT]: "an event",
  [Trigger.SCHEDULE]: "its schedule",
  [Trigger.MANUAL]: "a person",
};

/** triggerText says why a run exists. */
export function triggerText(trigger: Trigger): string {
  return triggers[trigger] ?? "";
}

const recordActions: Record<RecordAction, Stated> = {
  [RecordAction.UNSPECIFIED]: { word: "not known", tone: "mute" },
  [RecordAction.ADDED]: { word: "added", tone: "good" },
  [RecordAction.UPDATED]: { word: "updated", tone: "info" },
  [RecordAction.DELETED]: { word: "deleted", tone: "bad" },
};

/** recordAction says what happened to a record last. */
export function recordAction(action: RecordAction): Stated {
  return recordActions[action] ?? recordActions[RecordAction.UNSPECIFIED];
}
