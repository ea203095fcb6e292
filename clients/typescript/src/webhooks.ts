/**
 * Verification of the webhooks that synchook sends, by WebCrypto alone. The signature is that of
 * Standard Webhooks 1.0.
 *
 * @module
 */

import type { OperationalWebhookBody } from "./operational.js";

export type {
  ConnectionRefused,
  DeliveryExhausted,
  EndpointDisabled,
  EndpointNamed,
  EndpointRecovered,
  Operational,
  OperationalWebhookBody,
  SyncFailed,
  SyncOnConnection,
  SyncRecovered,
} from "./operational.js";

/** NangoSyncWebhookBody is the body of the webhook that tells of a model's changed records. */
export interface NangoSyncWebhookBody {
  /** The connection's name, as the customer's app chose it. */
  connectionId: string;
  /** The name of the integration, such as "github". */
  providerConfigKey: string;
  /** The name of the sync. */
  syncName: string;
  /** The name of the model that changed. */
  model: string;
  /** The number of added, updated and deleted records, by model. */
  responseResults: Record<string, { added: number; updated: number; deleted: number }>;
  /** "INITIAL" until a scheduled or manual run has succeeded, then "INCREMENTAL". */
  syncType: "INITIAL" | "INCREMENTAL";
  /** The `delta` with which this run's records are read. Null for "INITIAL": read them all. */
  queryTimeStamp: string | null;
}

/** WebhookBody is the body of a webhook of either kind. isOperational tells them apart. */
export type WebhookBody = NangoSyncWebhookBody | OperationalWebhookBody;

/** WebhookHeaders are a request's headers, as `fetch` or as Node gives them. Case does not matter. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** VerifyOptions change how a webhook is verified. */
export interface VerifyOptions {
  /** How many seconds the timestamp may lie before or after now. Unset: 300. */
  toleranceSeconds?: number;
  /** The current time in milliseconds. Unset: `Date.now`. */
  now?: () => number;
}

/** WebhookVerificationError says in a sentence why a webhook must not be trusted. Answer it with 401. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
}

/**
 * verifyWebhook returns the body of a sync's webhook that synchook sent, or throws a
 * WebhookVerificationError. Pass the body's bytes as they came: JSON that was parsed and written
 * again has another signature. While a secret is being rotated, several can be passed. An endpoint
 * that opted into operational webhooks uses readWebhook.
 */
export async function verifyWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: VerifyOptions = {},
): Promise<NangoSyncWebhookBody> {
  const body = await readWebhook(rawBody, headers, secret, options);
  if (isOperational(body)) {
    throw new WebhookVerificationError(
      "The signature is right, but the webhook is an operational one: read it with readWebhook.",
    );
  }
  return body;
}

/** readWebhook is verifyWebhook for endpoints that opted into operational webhooks. */
export async function readWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: VerifyOptions = {},
): Promise<WebhookBody> {
  await verifySignature(rawBody, headers, secret, options);
  return parseBody(typeof rawBody === "string" ? rawBody : new TextDecoder().decode(rawBody));
}

/** isOperational says whether a webhook is about synchook's own work, and not about a sync's records. */
export function isOperational(body: WebhookBody): body is OperationalWebhookBody {
  return "type" in body;
}

/**
 * verifySignature does the first half of verifyWebhook: it throws a WebhookVerificationError unless
 * the signature is right and fresh, and looks at nothing in the body.
 */
export async function verifySignature(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: VerifyOptions = {},
): Promise<void> {
  const id = requiredHeader(headers, "webhook-id");
  const timestamp = requiredHeader(headers, "webhook-timestamp");
  const signatures = parseSignatures(requiredHeader(headers, "webhook-signature"));
  checkFresh(timestamp, options);
  const signed = concat(encode(`${id}.${timestamp}.`), encode(rawBody));
  for (const key of await importSecrets(secret)) {
    for (const signature of signatures) {
      // WebCrypto compares in constant time.
      if (await crypto.subtle.verify("HMAC", key, signature, signed)) {
        return;
      }
    }
  }
  throw new WebhookVerificationError(
    "No signature matches: the secret is another one, or the body is not as it was sent.",
  );
}

function requiredHeader(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : findHeader(headers, name);
  if (!value) {
    throw new WebhookVerificationError(`The header ${name} is missing.`);
  }
  return value;
}

function findHeader(headers: Exclude<WebhookHeaders, Headers>, name: string): string | undefined {
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name) {
      return typeof value === "string" ? value : value?.[0];
    }
  }
  return undefined;
}

function checkFresh(timestamp: string, { toleranceSeconds = 300, now = Date.now }: VerifyOptions): void {
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError("The header webhook-timestamp is not in seconds since 1970.");
  }
  const age = now() / 1000 - Number(timestamp);
  if (age > toleranceSeconds) {
    throw new WebhookVerificationError(`The webhook is stale: it was sent ${Math.round(age)} s ago.`);
  }
  if (age < -toleranceSeconds) {
    throw new WebhookVerificationError(`The webhook is ${Math.round(-age)} s ahead of this machine's clock.`);
  }
}

/** parseSignatures keeps what it understands: other versions may stand beside v1. */
function parseSignatures(header: string): Bytes[] {
  return header
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .map((part) => decodeBase64(part.slice("v1,".length)))
    .filter((bytes) => bytes !== undefined);
}

async function importSecrets(secret: string | readonly string[]): Promise<CryptoKey[]> {
  const secrets = typeof secret === "string" ? [secret] : secret;
  return Promise.all(secrets.map(importSecret));
}

async function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = secret.startsWith("whsec_") ? decodeBase64(secret.slice("whsec_".length)) : undefined;
  if (!bytes?.length) {
    throw new WebhookVerificationError('A signing secret is "whsec_" and base64; this one is not.');
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function parseBody(text: string): WebhookBody {
  const body: unknown = parseJSON(text);
  if (!isSyncBody(body) && !isOperationalBody(body)) {
    throw new WebhookVerificationError("The signature is right, but the body is not that of a webhook.");
  }
  return body;
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WebhookVerificationError("The signature is right, but the body is not JSON.");
  }
}

function isOperationalBody(value: unknown): value is OperationalWebhookBody {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const body: Partial<Record<keyof OperationalWebhookBody, unknown>> = value;
  return (
    typeof body.type === "string" &&
    typeof body.timestamp === "string" &&
    typeof body.data === "object" &&
    body.data !== null
  );
}

function isSyncBody(value: unknown): value is NangoSyncWebhookBody {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const body: Partial<Record<keyof NangoSyncWebhookBody, unknown>> = value;
  const names = [body.connectionId, body.providerConfigKey, body.syncName, body.model];
  return (
    !("type" in value) &&
    names.every((name) => typeof name === "string") &&
    typeof body.responseResults === "object" &&
    body.responseResults !== null &&
    (body.syncType === "INITIAL" || body.syncType === "INCREMENTAL") &&
    (body.queryTimeStamp === null || typeof body.queryTimeStamp === "string")
  );
}

/** Bytes are what WebCrypto takes: not over shared memory. */
type Bytes = Uint8Array<ArrayBuffer>;

function encode(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}

function concat(head: Uint8Array, tail: Uint8Array): Bytes {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

function decodeBase64(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
