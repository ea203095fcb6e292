import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient, type SynchookClient } from "@synchook/client";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dev, startDev } from "../../../clients/typescript/test/dev.js";
import { app } from "../server/app.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const secret = "of the provider";

let dev: Dev;
let api: SynchookClient;
let github: Server;
let server: Server;
let browser: Browser;

beforeAll(async () => {
  github = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end("[]"); // no issue has comments
  }).listen(0, "127.0.0.1");
  [dev, browser] = await Promise.all([
    startDev(),
    chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu"],
    }),
    once(github, "listening"),
  ]);
  api = createClient({ baseUrl: dev.url, apiKey: dev.api_key });
  await api.integrations.createIntegration({
    integration: {
      providerConfigKey: "github",
      provider: "github",
      webhookSecrets: [secret],
      baseUrl: addressOf(github),
    },
  });
  await api.connections.createConnection({
    connection: {
      providerConfigKey: "github",
      connectionId: "user-1",
      connectionConfig: { installation_id: 1 },
    },
  });
  const args = ["deploy", here("../../github-issues"), "--url", dev.url, "--key", dev.api_key, "--yes"];
  await promisify(execFile)(process.env.SYNCHOOK_BIN ?? "", args);
  server = app({
    synchookUrl: dev.url,
    apiKey: dev.api_key,
    signingSecret: dev.signing_secret,
    providerConfigKey: "github",
    connectionId: "user-1",
    model: "GithubIssue",
    page: here("../dist/page"),
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await api.projects.updateProjectSettings({
    settings: { webhookUrl: `${addressOf(server)}/webhook` },
    updateMask: { paths: ["webhook_url"] },
  });
});

afterAll(async () => {
  await browser?.close();
  for (const each of [server, github]) {
    each?.closeAllConnections();
    each?.close();
  }
  await dev?.stop();
});

/** happen has GitHub tell of an issue. */
async function happen(delivery: string, action: string, number: number, title: string): Promise<void> {
  const { webhookPath } = await api.integrations.getIntegration({ providerConfigKey: "github" });
  const body = JSON.stringify({
    action,
    installation: { id: 1 },
    repository: { full_name: "octo/hello" },
    issue: {
      id: number,
      number,
      title,
      state: "open",
      user: { login: "octocat" },
      html_url: "https://github.com/octo/hello",
      updated_at: "2026-01-01T00:00:00Z",
    },
  });
  const answer = await fetch(dev.url + webhookPath, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": delivery,
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
  });
  expect(answer.status).toBe(200);
}

test("The page shows each change as soon as synchook tells of it.", async () => {
  const page = await browser.newPage();
  await page.goto(addressOf(server));
  await page.getByText("There are no issues yet.").waitFor();
  await happen("d-1", "opened", 1, "It rains in");
  await page.getByText("It rains in").waitFor();
  await happen("d-2", "opened", 2, "The roof leaks");
  await page.getByText("#2 by octocat, open").waitFor();
  await happen("d-3", "edited", 1, "It rains in, mostly on Mondays");
  await page.getByText("mostly on Mondays").waitFor();
  await happen("d-4", "deleted", 2, "The roof leaks");
  await page.getByText("The roof leaks").waitFor({ state: "detached" });
  expect(await page.getByRole("listitem").count()).toBe(1);
  await page.reload();
  await page.getByText("mostly on Mondays").waitFor();
  expect(await page.getByRole("listitem").count()).toBe(1);
});
