/**
 * The bodies of operational webhooks: those about synchook's own work, for which an endpoint opts in.
 *
 * @module
 */

/** SyncOnConnection names a sync on a connection. */
export interface SyncOnConnection {
  /** The connection's name, as the customer's app chose it. */
  connectionId: string;
  /** The name of the integration, such as "github". */
  providerConfigKey: string;
  /** The name of the sync. */
  syncName: string;
  /** The run that this is about. */
  runId: string;
}

/** EndpointNamed names an endpoint. */
export interface EndpointNamed {
  /** Its ID, "end_...". */
  endpointId: string;
  /** Its URL, without the query. */
  url: string;
}

/** Operational is the body of an operational webhook of one type. */
export interface Operational<Type extends string, Data> {
  /** What happened. The body of a sync's webhook has no type. */
  type: Type;
  /** When it happened, in ISO 8601. */
  timestamp: string;
  /** To what it happened. */
  data: Data;
}

/** SyncFailed says that a run failed after its retries, and the one before it had not. */
export type SyncFailed = Operational<"sync.failed", SyncOnConnection & { attempts: number; error: string }>;

/** SyncRecovered says that a run succeeded after one that had failed. */
export type SyncRecovered = Operational<"sync.recovered", SyncOnConnection>;

/** ConnectionRefused says that an external API refused a connection's credentials. */
export type ConnectionRefused = Operational<
  "connection.refused",
  SyncOnConnection & { lastStatus: number; reason: string }
>;

/** EndpointDisabled says that an endpoint gets nothing any more until a person resumes it. */
export type EndpointDisabled = Operational<"endpoint.disabled", EndpointNamed & { reason: string }>;

/** EndpointRecovered says that an endpoint that failed takes webhooks again. */
export type EndpointRecovered = Operational<"endpoint.recovered", EndpointNamed>;

/** DeliveryExhausted says that a webhook was given up. A last status of 0 means that there was no answer. */
export type DeliveryExhausted = Operational<
  "delivery.exhausted",
  { deliveryId: string } & EndpointNamed &
    SyncOnConnection & { model: string; attempts: number; lastStatus: number; reason: string }
>;

/** OperationalWebhookBody is the body of an operational webhook. Later versions may have more types. */
export type OperationalWebhookBody =
  | SyncFailed
  | SyncRecovered
  | ConnectionRefused
  | EndpointDisabled
  | EndpointRecovered
  | DeliveryExhausted;
