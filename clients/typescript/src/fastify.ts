/**
 * Receive webhooks in Fastify: `app.register(webhooks, { path: "/webhook", secret, handle: async (webhook) => { ... } })`.
 * The plugin keeps the bytes of JSON bodies for its own route only.
 *
 * @module
 */
import { receive, type SigningSecret, type WebhookHandler } from "./receive.js";

export type { SigningSecret, WebhookHandler } from "./receive.js";

/** WebhookPluginOptions say where webhooks come in, and what is done with them. */
export interface WebhookPluginOptions {
  /** The path of the route. */
  path: string;
  secret: SigningSecret;
  handle: WebhookHandler;
}

/** FastifyLike is what of an instance of Fastify is used. */
export interface FastifyLike {
  removeContentTypeParser(type: string): unknown;
  addContentTypeParser(
    type: string,
    options: { parseAs: "buffer" },
    parser: (request: unknown, body: Uint8Array, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown;
  post(
    path: string,
    handler: (
      request: { headers: Readonly<Record<string, string | string[] | undefined>>; body: unknown },
      reply: { code(status: number): { send(text?: string): unknown } },
    ) => Promise<unknown>,
  ): unknown;
}

/** webhooks is the plugin. */
export async function webhooks(app: FastifyLike, options: WebhookPluginOptions): Promise<void> {
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_, body, done) => done(null, body));
  app.post(options.path, async (request, reply) => {
    const raw = request.body instanceof Uint8Array ? request.body : "";
    const { status, text } = await receive(raw, request.headers, options.secret, options.handle);
    return reply.code(status).send(text || undefined);
  });
}
