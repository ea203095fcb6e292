import { EndpointKind, EndpointState } from "@synchook/client/gen/endpoint_pb";
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
