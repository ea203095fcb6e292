/**
 * Receive webhooks in Express: `app.post("/webhook", webhookHandler(secret, async (webhook) => { ... }))`, before
 * `express.json()`, which would leave nothing of the bytes that were signed.
 *
 * @module
 */
import { receive, type SigningSecret, type WebhookHandler } from "./receive.js";

export type { SigningSecret, WebhookHandler } from "./receive.js";

/** ExpressRequest is what of a request of Express, or of Node itself, is used. */
export interface ExpressRequest extends AsyncIterable<Uint8Array> {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body?: unknown;
}

/** ExpressResponse is what of a response is used. */
export interface ExpressResponse {
  statusCode: number;
  end(text?: string): unknown;
}

/** maxBody is more than any webhook of synchook has, in bytes. */
const maxBody = 1 << 20;

/** webhookHandler returns the handler of a route that takes webhooks by POST. */
export function webhookHandler(
  secret: SigningSecret,
  handle: WebhookHandler,
): (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void) => void {
  return (request, response, next) => {
    respond(request, response, secret, handle).catch(next);
  };
}

async function respond(
  request: ExpressRequest,
  response: ExpressResponse,
  secret: SigningSecret,
  handle: WebhookHandler,
): Promise<void> {
  const answer = await receive(await rawBody(request), request.headers, secret, handle);
  response.statusCode = answer.status;
  response.end(answer.text);
}

/** rawBody is what `express.raw` left, or what can still be read. */
async function rawBody(request: ExpressRequest): Promise<Uint8Array> {
  if (request.body instanceof Uint8Array) {
    return request.body;
  }
  if (request.body !== undefined) {
    throw new Error(
      "The webhook's body was parsed before it was verified: put its route before express.json().",
    );
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > maxBody) {
      throw new Error("The request is larger than any webhook of synchook.");
    }
    parts.push(part);
  }
  return join(parts, size);
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
