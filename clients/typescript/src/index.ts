/**
 * The client of synchook for browsers and Node 20 and later. Its only need is `fetch`.
 *
 * @module
 */
import { createConnectTransport } from "@connectrpc/connect-web";
import { type Access, authenticate, createClientOver, type SynchookClient } from "./client.js";

/** ClientOptions are what createClient needs to know. */
export interface ClientOptions extends Access {
  /** What makes the HTTP requests. Unset: the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** createClient makes the clients of all services, over `fetch`. */
export function createClient(options: ClientOptions): SynchookClient {
  return createClientOver(
    createConnectTransport({
      baseUrl: options.baseUrl,
      interceptors: [authenticate(options)],
      ...(options.fetch && { fetch: options.fetch }),
    }),
  );
}

export { Code, ConnectError } from "@connectrpc/connect";
export { type Access, createClientOver, type SynchookClient } from "./client.js";
export { type ItemOf, listAll, type Page } from "./pages.js";
export { problemOf, type SynchookProblem, type Violation, violationsOf } from "./problem.js";
export {
  isOperational,
  type NangoSyncWebhookBody,
  type OperationalWebhookBody,
  readWebhook,
  type VerifyOptions,
  verifySignature,
  verifyWebhook,
  type WebhookBody,
  type WebhookHeaders,
  WebhookVerificationError,
} from "./webhooks.js";
