import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import type { WebhookDefinition } from "@octokit/webhooks-examples";
import { sign } from "@octokit/webhooks-methods";

/** secret is what GitHub and synchook share in these tests. */
export const secret = "It's a Secret to Everybody";

/** GitHubWebhook is a request as GitHub makes it. */
export interface GitHubWebhook {
  /** The event and its action, as synchook names its type. */
  type: string;
  id: string;
  body: Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
}

/** folders are those of the package: github.com's payloads, then those of each GitHub Enterprise Server. */
const folders = ["api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"];

/** collection has all of GitHub's example payloads. They are JSON files, which need `require`. */
const collection = folders.flatMap((folder): WebhookDefinition[] =>
  createRequire(import.meta.url)(`@octokit/webhooks-examples/${folder}/index.json`),
);

/** gitHubWebhooks signs each example payload by GitHub's own library and gives each an ID of its own. */
export function gitHubWebhooks(): Promise<GitHubWebhook[]> {
  return Promise.all(
    collection.flatMap(({ name, examples }) => examples.map((example) => gitHubWebhook(name, example))),
  );
}

async function gitHubWebhook(name: string, example: object): Promise<GitHubWebhook> {
  const text = JSON.stringify(example);
  const id = randomUUID();
  return {
    type: "action" in example && example.action ? `${name}.${example.action}` : name,
    id,
    body: new TextEncoder().encode(text),
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/0000000",
      "x-github-delivery": id,
      "x-github-event": name,
      "x-hub-signature-256": await sign(secret, text),
    },
  };
}

/** withOneByteChanged flips a bit of the byte at a place that differs from one payload to the next. */
export function withOneByteChanged(webhook: GitHubWebhook): GitHubWebhook {
  const body = webhook.body.slice();
  const place = Number.parseInt(webhook.id.slice(0, 8), 16) % body.length;
  body[place] = (body[place] ?? 0) ^ 1;
  return { ...webhook, body };
}

/** withoutSignature leaves the signature's header out. */
export function withoutSignature(webhook: GitHubWebhook): GitHubWebhook {
  const { "x-hub-signature-256": _, ...headers } = webhook.headers;
  return { ...webhook, headers };
}
