/**
 * What the helpers for web frameworks share.
 *
 * @module
 */
import { readWebhook, type WebhookBody, type WebhookHeaders, WebhookVerificationError } from "./webhooks.js";

/**
 * WebhookHandler does an app's work for one webhook. It comes again until this has not thrown, with the same ID: whoever
 * must not do the work twice remembers that.
 */
export type WebhookHandler = (webhook: WebhookBody, id: string) => void | Promise<void>;

/** SigningSecret is an endpoint's secret ("whsec_..."), or several while it is being rotated. */
export type SigningSecret = string | readonly string[];

/** Answer is what a request is answered with. */
export interface Answer {
  status: number;
  text: string;
}

/**
 * receive verifies a webhook and has it handled: 204, or 401 and why. What the handler throws is thrown on, so that the
 * framework answers 500 and the webhook comes again.
 */
export async function receive(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secret: SigningSecret,
  handle: WebhookHandler,
): Promise<Answer> {
  let webhook: WebhookBody;
  try {
    webhook = await readWebhook(rawBody, headers, secret);
  } catch (error) {
    if (error instanceof WebhookVerificationError) {
      return { status: 401, text: error.message };
    }
    throw error;
  }
  await handle(webhook, headerOf(headers, "webhook-id"));
  return { status: 204, text: "" };
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  return typeof value === "string" ? value : (value?.[0] ?? "");
}

/** receiveRequest does so for a request as `fetch` has it. */
export async function receiveRequest(
  request: Request,
  secret: SigningSecret,
  handle: WebhookHandler,
): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const { status, text } = await receive(body, request.headers, secret, handle);
  return new Response(text || null, { status });
}
