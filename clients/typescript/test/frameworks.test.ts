import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { webhookHandler as expressHandler } from "../src/express.js";
import { webhooks } from "../src/fastify.js";
import { webhookHandler as honoHandler } from "../src/hono.js";
import { webhookRoute } from "../src/next.js";
import type { WebhookHandler } from "../src/receive.js";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const body = JSON.stringify({
  connectionId: "user-1",
  providerConfigKey: "github",
  syncName: "github-issues",
  model: "Größe",
  responseResults: { Größe: { added: 1, updated: 0, deleted: 0 } },
  syncType: "INITIAL",
  queryTimeStamp: null,
});

const open: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  open.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Each framework's app, which has JSON parsed for its other routes, as a function that is posted to. */
const frameworks: Record<
  string,
  (handle: WebhookHandler) => Promise<(request: RequestInit) => Promise<Response>>
> = {
  express: async (handle) => {
    const app = express();
    app.post("/webhook", expressHandler(secret, handle));
    app.use(express.json());
    app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(500).end();
    });
    const url = await listen(createServer(app));
    return (request) => fetch(`${url}/webhook`, request);
  },
  "express with express.raw": async (handle) => {
    const app = express();
    app.post("/webhook", express.raw({ type: "*/*" }), expressHandler(secret, handle));
    const url = await listen(createServer(app));
    return (request) => fetch(`${url}/webhook`, request);
  },
  fastify: async (handle) => {
    const app = fastify();
    await app.register(webhooks, { path: "/webhook", secret, handle });
    app.post("/other", async (request) => request.body);
    open.push(() => app.close());
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    const other = await fetch(`${url}/other`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"a":1}',
    });
    expect(await other.json()).toEqual({ a: 1 });
    return (request) => fetch(`${url}/webhook`, request);
  },
  hono: async (handle) => {
    const app = new Hono();
    app.post("/webhook", honoHandler(secret, handle));
    return async (request) => app.request("/webhook", request);
  },
  "a route of Next": async (handle) => {
    const post = webhookRoute(secret, handle);
    return async (request) => {
      try {
        return await post(new Request("http://app.test/webhook", request));
      } catch {
        return new Response(null, { status: 500 });
      }
    };
  },
};

function signed(text: string): RequestInit {
  const now = new Date();
  return {
    method: "POST",
    body: text,
    headers: {
      "content-type": "application/json",
      "webhook-id": "dlv_1",
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign("dlv_1", now, text),
    },
  };
}

describe.each(Object.entries(frameworks))("%s", (_name, start) => {
  test("hands a verified webhook to the app, with its ID.", async () => {
    const got: unknown[] = [];
    const post = await start((webhook, id) => void got.push(webhook, id));
    expect((await post(signed(body))).status).toBe(204);
    expect(got).toEqual([JSON.parse(body), "dlv_1"]);
  });

  test("refuses what synchook did not send.", async () => {
    const got: unknown[] = [];
    const post = await start((webhook) => void got.push(webhook));
    const answer = await post({ ...signed(body), body: body.replace("user-1", "user-2") });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain("No signature matches");
    expect(got).toEqual([]);
  });

  test("has a webhook come again that the app could not handle.", async () => {
    const post = await start(() => {
      throw new Error("the database is away");
    });
    expect((await post(signed(body))).status).toBe(500);
  });
});

test("Express says what to do when the body was parsed before.", async () => {
  const app = express();
  app.use(express.json());
  app.post(
    "/webhook",
    expressHandler(secret, () => {}),
  );
  let said = "";
  app.use((error: Error, _request: unknown, response: express.Response, _next: unknown) => {
    said = error.message;
    response.status(500).end();
  });
  const url = await listen(createServer(app));
  expect((await fetch(`${url}/webhook`, signed(body))).status).toBe(500);
  expect(said).toContain("before express.json()");
});
