import { execFile } from "node:child_process";
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
    integration: { ...github, provider: "github", webhookSecrets: ["of the provider"] },
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
