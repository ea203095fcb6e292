import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient, type NangoSyncWebhookBody } from "@synchook/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dev, startDev } from "../../../clients/typescript/test/dev.js";
import { app } from "../src/app.js";

let dev: Dev;
let server: Server;
let failing = 0;
const changed: NangoSyncWebhookBody[] = [];
const operational: string[] = [];

beforeAll(async () => {
  dev = await startDev();
  server = app(dev.signing_secret, {
    changed(webhook) {
      if (failing-- > 0) {
        throw new Error("the database is away");
      }
      changed.push(webhook);
    },
    operational: ({ type }) => void operational.push(type),
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(async () => {
  server?.close();
  await dev?.stop();
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;

test("The app takes what synchook signed, and nothing else.", async () => {
  const api = createClient({ baseUrl: dev.url, apiKey: dev.api_key });
  await api.projects.updateProjectSettings({
    settings: { webhookUrl: url() },
    updateMask: { paths: ["webhook_url"] },
  });
  const sent = await api.endpoints.sendTestWebhook({});
  expect(sent.status).toBe(204);
  expect(changed).toHaveLength(1);
  const forged = await fetch(url(), { method: "POST", body: JSON.stringify(changed[0]) });
  expect(forged.status).toBe(401);
  expect(changed).toHaveLength(1);
});

test("A webhook whose work failed is asked for again.", async () => {
  const api = createClient({ baseUrl: dev.url, apiKey: dev.api_key });
  failing = 1;
  expect((await api.endpoints.sendTestWebhook({})).status).toBe(500);
  expect((await api.endpoints.sendTestWebhook({})).status).toBe(204);
  expect(changed).toHaveLength(2);
});
