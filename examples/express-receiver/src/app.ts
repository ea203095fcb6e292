import { isOperational, type NangoSyncWebhookBody, type OperationalWebhookBody } from "@synchook/client";
import { webhookHandler } from "@synchook/client/express";
import express, { type Express } from "express";

/** Told is what the app does with the webhooks. */
export interface Told {
  /** A sync changed records of a model. */
  changed(webhook: NangoSyncWebhookBody): void | Promise<void>;
  /** Something else happened, such as an endpoint that was disabled. */
  operational?(webhook: OperationalWebhookBody): void | Promise<void>;
}

/**
 * app takes webhooks at POST /webhook. A webhook can come twice, with the same ID: this app remembers the last thousand. One
 * that must never do its work twice keeps the IDs where it keeps its data.
 */
export function app(secret: string | readonly string[], told: Told): Express {
  const seen = new Set<string>();
  const server = express();
  // Before express.json(): the signature is over the bytes as they came.
  server.post(
    "/webhook",
    webhookHandler(secret, async (webhook, id) => {
      if (seen.has(id)) {
        return;
      }
      await (isOperational(webhook) ? told.operational?.(webhook) : told.changed(webhook));
      seen.add(id);
      if (seen.size > 1000) {
        seen.delete(seen.values().next().value ?? "");
      }
    }),
  );
  server.use(express.json()); // for the app's own routes
  return server;
}
