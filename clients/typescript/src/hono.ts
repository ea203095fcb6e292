/**
 * Receive webhooks in Hono: `app.post("/webhook", webhookHandler(secret, async (webhook) => { ... }))`.
 *
 * @module
 */
import { receiveRequest, type SigningSecret, type WebhookHandler } from "./receive.js";

export type { SigningSecret, WebhookHandler } from "./receive.js";

/** HonoContext is what of Hono's context is used. */
export interface HonoContext {
  req: { raw: Request };
}

/** webhookHandler returns the handler of a route that takes webhooks by POST. */
export function webhookHandler(
  secret: SigningSecret,
  handle: WebhookHandler,
): (context: HonoContext) => Promise<Response> {
  return (context) => receiveRequest(context.req.raw, secret, handle);
}
