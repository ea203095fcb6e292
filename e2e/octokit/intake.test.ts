import { createClient, type SynchookClient } from "@synchook/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dev, startDev } from "../../clients/typescript/test/dev.js";
import { openIntake } from "./intake.js";
import { type GitHubWebhook, gitHubWebhooks, withOneByteChanged, withoutSignature } from "./payloads.js";

let dev: Dev;
let synchook: SynchookClient;
let webhooks: GitHubWebhook[];

beforeAll(async () => {
  webhooks = await gitHubWebhooks();
  dev = await startDev();
  synchook = createClient({ baseUrl: dev.url, apiKey: dev.api_key });
});

afterAll(() => dev?.stop());

/** forAll calls `action` with each webhook, a few at a time, and keeps the order of the results. */
async function forAll<Result>(action: (webhook: GitHubWebhook) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < webhooks.length; start += 16) {
    results.push(...(await Promise.all(webhooks.slice(start, start + 16).map(action))));
  }
  return results;
}

test("The collection is whole.", () => {
  expect(webhooks).toHaveLength(726);
});

test("Every payload of GitHub's is accepted and kept byte for byte.", async () => {
  const intake = await openIntake(synchook, dev.url, "github-accepted");
  const answers = await forAll((webhook) => intake.post(webhook));
  for (const [index, webhook] of webhooks.entries()) {
    const answer = answers[index];
    expect(answer, webhook.type).toMatchObject({ status: 200, duplicate: false });
    const { event, payload } = await synchook.events.getEvent({ id: answer?.event_id ?? "" });
    expect(event, webhook.type).toMatchObject({ type: webhook.type, externalId: webhook.id });
    expect(Buffer.from(payload).equals(webhook.body), webhook.type).toBe(true);
  }
  expect(await intake.events()).toHaveLength(webhooks.length);
});

test("Every payload with one byte changed is refused and not kept.", async () => {
  const intake = await openIntake(synchook, dev.url, "github-changed");
  const answers = await forAll((webhook) => intake.post(withOneByteChanged(webhook)));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401]));
  expect(await intake.events()).toEqual([]);
});

test("Every payload without its signature is refused and not kept.", async () => {
  const intake = await openIntake(synchook, dev.url, "github-unsigned");
  const answers = await forAll((webhook) => intake.post(withoutSignature(webhook)));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401]));
  expect(await intake.events()).toEqual([]);
});

test("Every payload that is sent twice is one event, and both answers name it.", async () => {
  const intake = await openIntake(synchook, dev.url, "github-twice");
  const first = await forAll((webhook) => intake.post(webhook));
  const second = await forAll((webhook) => intake.post(webhook));
  expect(second).toEqual(
    first.map(({ status, event_id }) => expect.objectContaining({ status, event_id, duplicate: true })),
  );
  expect(await intake.events()).toHaveLength(webhooks.length);
});

test("Every payload that is sent twice at the same time is one event.", async () => {
  const intake = await openIntake(synchook, dev.url, "github-together");
  const pairs = await forAll((webhook) => Promise.all([intake.post(webhook), intake.post(webhook)]));
  for (const [one, other] of pairs) {
    expect([one.status, other.status]).toEqual([200, 200]);
    expect(one.event_id).toBe(other.event_id);
    expect([one.duplicate, other.duplicate].sort()).toEqual([false, true]);
  }
  expect(await intake.events()).toHaveLength(webhooks.length);
});
