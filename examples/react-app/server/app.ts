import { createClient, listAll, type NangoSyncWebhookBody } from "@synchook/client";
import { webhookHandler } from "@synchook/client/express";
import { RecordAction } from "@synchook/client/gen/record_pb";
import express, { type Express, type Response } from "express";

/** Options say whose records the page shows, and where synchook is. */
export interface Options {
  synchookUrl: string;
  apiKey: string;
  signingSecret: string;
  providerConfigKey: string;
  connectionId: string;
  model: string;
  /** The folder of the built page. */
  page: string;
}

/** Change is a record as the page gets it. */
export interface Change {
  id: string;
  deleted: boolean;
  record: unknown;
}

/**
 * app is what stands between the page and synchook. The API key stays here; the page reads its records from /records, and
 * hears at /changes when some changed.
 */
export function app(options: Options): Express {
  const { providerConfigKey, connectionId, model } = options;
  const synchook = createClient({ baseUrl: options.synchookUrl, apiKey: options.apiKey });
  const pages = new Set<Response>();

  const tell = (webhook: NangoSyncWebhookBody) => {
    if (webhook.connectionId === connectionId && webhook.model === model) {
      for (const page of pages) {
        page.write(`data: ${JSON.stringify({ delta: webhook.queryTimeStamp })}\n\n`);
      }
    }
  };

  const server = express();
  server.post(
    "/webhook",
    webhookHandler(options.signingSecret, (webhook) => ("type" in webhook ? undefined : tell(webhook))),
  );
  server.get("/changes", (request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": hello\n\n");
    pages.add(response);
    request.on("close", () => pages.delete(response));
  });
  server.get("/records", async (request, response) => {
    const since = typeof request.query.delta === "string" ? Date.parse(request.query.delta) : Number.NaN;
    const changes: Change[] = [];
    for await (const { id, payload, lastAction } of listAll(synchook.records.listRecords, {
      providerConfigKey,
      connectionId,
      model,
      ...(!Number.isNaN(since) && {
        delta: { seconds: BigInt(Math.floor(since / 1000)), nanos: (since % 1000) * 1e6 },
      }),
    })) {
      changes.push({ id, deleted: lastAction === RecordAction.DELETED, record: payload });
    }
    response.json(changes);
  });
  server.use(express.static(options.page));
  return server;
}
