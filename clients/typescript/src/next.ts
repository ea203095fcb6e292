/**
 * Receive webhooks in a route handler of Next.js, or of whatever else answers a `Request` with a `Response`.
 *
 * ```ts
 * // app/webhook/route.ts
 * export const POST = webhookRoute(process.env.SYNCHOOK_SIGNING_SECRET ?? "", async (webhook) => { ... });
 * ```
 *
 * @module
 */
import { receiveRequest, type SigningSecret, type WebhookHandler } from "./receive.js";

export type { SigningSecret, WebhookHandler } from "./receive.js";

/** webhookRoute returns the handler of a route that takes webhooks by POST. */
export function webhookRoute(
  secret: SigningSecret,
  handle: WebhookHandler,
): (request: Request) => Promise<Response> {
  return (request) => receiveRequest(request, secret, handle);
}
