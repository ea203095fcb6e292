import { OperationalType } from "@synchook/client/gen/endpoint_pb";

/** The operational webhooks, as their bodies name them, and when each is sent. */
export const operationalTypes: { type: OperationalType; name: string; when: string }[] = [
  { type: OperationalType.SYNC_FAILED, name: "sync.failed", when: "a run failed after its retries" },
  {
    type: OperationalType.SYNC_RECOVERED,
    name: "sync.recovered",
    when: "a run succeeded after one that had failed",
  },
  {
    type: OperationalType.ENDPOINT_DISABLED,
    name: "endpoint.disabled",
    when: "an endpoint gets nothing any more",
  },
  {
    type: OperationalType.ENDPOINT_RECOVERED,
    name: "endpoint.recovered",
    when: "an endpoint takes webhooks again",
  },
  { type: OperationalType.DELIVERY_EXHAUSTED, name: "delivery.exhausted", when: "a delivery was given up" },
  {
    type: OperationalType.CONNECTION_REFUSED,
    name: "connection.refused",
    when: "the API refused a connection's credentials",
  },
];

/** toggled returns the list with the type in it, or without it. */
export function toggled(list: OperationalType[], type: OperationalType, on: boolean): OperationalType[] {
  const rest = list.filter((one) => one !== type);
  return on ? [...rest, type].sort((a, b) => a - b) : rest;
}
