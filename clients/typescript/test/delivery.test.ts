import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, verifyWebhook } from "../src/index.js";
import { type Dev, startDev } from "./dev.js";

const definition = `
integrations:
  sender:
    tickets:
      returns: [Ticket]
      webhook-subscriptions: "*"
models:
  Ticket:
    id: string
`;

const script = `
export default async function fetchData(nango: any, payload: any) {
  await nango.batchSave([{ id: payload.ticket }], 'Ticket');
}
`;

/** Delivery is a request that synchook made. */
interface Delivery {
  headers: Record<string, string>;
  body: string;
}

let dev: Dev;
let receiver: Server;
let received: Promise<Delivery>;

beforeAll(async () => {
  dev = await startDev();
  receiver = createServer();
  received = new Promise((resolve) => {
    receiver.on("request", async (request, response) => {
      const body = await buffer(request);
      response.writeHead(204).end();
      resolve({ headers: single(request.headers), body: body.toString() });
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
});

afterAll(async () => {
  receiver.close();
  await dev?.stop();
});

function single(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** deploy runs `synchook deploy` on a folder with the sync of this test. */
async function deploy(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "synchook-syncs-"));
  try {
    await writeFile(join(folder, "nango.yaml"), definition);
    await writeFile(join(folder, "tickets.ts"), script);
    const flags = ["deploy", "--url", dev.url, "--key", dev.api_key, folder];
    await promisify(execFile)(process.env.SYNCHOOK_BIN ?? "", flags);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("What a running synchook delivers equals the contract and passes each library's verification.", async () => {
  const synchook = createClient({ baseUrl: dev.url, apiKey: dev.api_key });
  const { port } = receiver.address() as AddressInfo;
  await synchook.projects.updateProjectSettings({
    settings: { webhookUrl: `http://127.0.0.1:${port}/hook` },
    updateMask: { paths: ["webhook_url"] },
  });
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const integration = await synchook.integrations.createIntegration({
    integration: {
      providerConfigKey: "sender",
      provider: "standard-webhooks",
      webhookSecrets: [secret],
      match: { rules: [{ from: "account", to: "connection_id" }] },
    },
  });
  await synchook.connections.createConnection({
    connection: { providerConfigKey: "sender", connectionId: "user-1" },
  });
  await deploy();

  // What comes in is signed by the library too.
  const payload = JSON.stringify({ type: "ticket.opened", account: "user-1", ticket: "t-1" });
  const sentAt = new Date();
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign("msg_1", sentAt, payload),
  };
  const answer = await fetch(dev.url + integration.webhookPath, { method: "POST", headers, body: payload });
  expect(await answer.json()).toMatchObject({ duplicate: false, runs: 1 });

  const delivery = await received;
  expect(() => new Webhook(dev.signing_secret).verify(delivery.body, delivery.headers)).not.toThrow();
  const body = await verifyWebhook(delivery.body, delivery.headers, dev.signing_secret);

  const { runs } = await synchook.runs.listRuns({});
  const start = runs[0]?.startTime;
  expect(start).toBeDefined();
  const queryTimeStamp = start && timestampDate(start).toISOString();
  expect(delivery.body).toBe(
    `{"connectionId":"user-1","providerConfigKey":"sender","syncName":"tickets","model":"Ticket",` +
      `"responseResults":{"Ticket":{"added":1,"updated":0,"deleted":0}},` +
      `"syncType":"INCREMENTAL","queryTimeStamp":"${queryTimeStamp}"}`,
  );
  const { records } = await synchook.records.listRecords({
    providerConfigKey: "sender",
    connectionId: "user-1",
    model: body.model,
    delta: start,
  });
  expect(records.map((record) => record.id)).toEqual(["t-1"]);
});
