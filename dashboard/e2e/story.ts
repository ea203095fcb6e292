import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient, type SynchookClient } from "@synchook/client";
import type { Dev } from "../../clients/typescript/test/dev.js";
import type { Receiver } from "./receiver.js";

const definition = `integrations:
  github:
    issues:
      runs: every 1h
      auto_start: false
      returns: [Issue]
      webhook-subscriptions: issues
models:
  Issue: { id: string, at: string }
`;

/** Each run changes one record, so that one webhook is owed. */
const script = `export default async function fetchData(nango) {
  await nango.log('looking for issues');
  await nango.batchSave([{ id: '1', at: String(Date.now()) + Math.random() }], 'Issue');
}
export async function onWebhookPayloadReceived(nango, payload) {
  await nango.get({ endpoint: '/user' });
  if (payload.issue.title === 'boom') throw new Error('the issue is no issue');
  await nango.batchSave([{ id: String(payload.issue.id), at: payload.issue.title }], 'Issue');
}
`;

/** deploy deploys the sync as a person does. */
export async function deploy(dev: Dev): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "synchook-syncs-"));
  try {
    await mkdir(join(folder, "github", "syncs"), { recursive: true });
    await writeFile(join(folder, "nango.yaml"), definition);
    await writeFile(join(folder, "github", "syncs", "issues.ts"), script);
    const args = ["deploy", folder, "--url", dev.url, "--key", dev.api_key, "--yes"];
    await promisify(execFile)(process.env.SYNCHOOK_BIN ?? "", args);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * settle has a project do its work: webhooks go to the receiver, and are given up after a second attempt; the sync "issues"
 * of "github" runs for the connection "user-1" when it is triggered.
 */
export async function settle(dev: Dev, receiver: Receiver): Promise<SynchookClient> {
  const api = createClient({ baseUrl: dev.url, apiKey: dev.api_key });
  const github = { providerConfigKey: "github" };
  await api.projects.updateProjectSettings({
    settings: { webhookUrl: receiver.url, retrySchedule: [{ seconds: 1n, nanos: 0 }] },
    updateMask: { paths: ["webhook_url", "retry_schedule"] },
  });
  await api.integrations.createIntegration({
    integration: {
      ...github,
      provider: "github",
      webhookSecrets: ["of the provider"],
      baseUrl: new URL(receiver.url).origin,
    },
  });
  await api.connections.createConnection({
    connection: { ...github, connectionId: "user-1", connectionConfig: { installation_id: 1 } },
  });
  await deploy(dev);
  return api;
}

/** trigger has the sync run, and returns the run's ID. */
export async function trigger(api: SynchookClient): Promise<string> {
  const { runIds } = await api.syncs.triggerSync({
    providerConfigKey: "github",
    syncName: "issues",
    connectionId: "user-1",
  });
  return runIds[0] ?? "";
}

/** send sends an event as GitHub does, about an issue with that title. */
export async function send(
  dev: Dev,
  api: SynchookClient,
  number: number,
  title: string,
  installation = 1,
): Promise<void> {
  const { webhookPath } = await api.integrations.getIntegration({ providerConfigKey: "github" });
  const body = JSON.stringify({
    action: "opened",
    installation: { id: installation },
    issue: { id: number, title },
  });
  const signature = createHmac("sha256", "of the provider").update(body).digest("hex");
  const answer = await fetch(dev.url + webhookPath, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": `5d1b2a60-0000-4000-8000-${String(number).padStart(12, "0")}`,
      "x-hub-signature-256": `sha256=${signature}`,
    },
  });
  if (answer.status !== 200) {
    throw new Error(`the event was answered with ${answer.status}`);
  }
}
