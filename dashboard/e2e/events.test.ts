import { createHmac } from "node:crypto";
import type { SynchookClient } from "@synchook/client";
import { expect, test } from "vitest";
import { expectAccessible, logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";
import { settle } from "./story.js";

const house = withHouse();

/** send sends an event as GitHub does, about an issue with that title. */
async function send(api: SynchookClient, number: number, title: string, installation = 1): Promise<void> {
  const { webhookPath } = await api.integrations.getIntegration({ providerConfigKey: "github" });
  const body = JSON.stringify({
    action: "opened",
    installation: { id: installation },
    issue: { id: number, title },
  });
  const signature = createHmac("sha256", "of the provider").update(body).digest("hex");
  const answer = await fetch(house.dev.url + webhookPath, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": `5d1b2a60-0000-4000-8000-00000000000${number}`,
      "x-hub-signature-256": `sha256=${signature}`,
    },
  });
  expect(answer.status).toBe(200);
}

test("A person follows an event to its run, its log and its webhook, and replays it.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Events" }).click();
  await page.getByText("No provider has sent a webhook yet").waitFor();
  await expectAccessible(page, "the empty ledger");
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByText("No sync has run yet").waitFor();

  const api = await settle(house.dev, house.receiver);
  await send(api, 1, "first");
  await send(api, 2, "boom");
  await send(api, 3, "of nobody", 999);
  await page.getByRole("link", { name: "Events" }).click();
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(4);
  await page.getByLabel("Outcome").selectOption("unmatched");
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(2);
  await page.getByRole("button", { name: "Show all" }).click();
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(4);
  await expectAccessible(page, "the ledger");
  await shoot(page, "events");

  await page.getByRole("row").last().getByRole("link").click();
  await page.getByText("issues for user-1").waitFor();
  await page.getByText("succeeded", { exact: true }).waitFor();
  await expectAccessible(page, "an event");
  await shoot(page, "event");
  await page.getByRole("link", { name: "issues for user-1" }).click();
  await page.getByText("Issue: 1 added").waitFor();
  await page.getByText("What its changes are told by").waitFor();
  await expectAccessible(page, "a run");
  await shoot(page, "run");
  await page.getByRole("link", { name: "an event" }).click();
  await page.getByRole("button", { name: "Replay" }).click();
  await page.getByText("A run is queued again.").first().waitFor();
  await expect.poll(async () => (await api.events.listEvents({})).events.at(-1)?.replays).toBe(1);
  await page.getByRole("link", { name: "Records" }).click();
  await page.getByText("Choose a connection and a model").waitFor();
  await page.getByLabel("Integration").selectOption("github");
  await page.getByLabel("Connection").selectOption("user-1");
  await page.getByLabel("Model").selectOption("Issue");
  await page.getByLabel("Changed in").selectOption("the last hour");
  const record = page.getByRole("row").nth(1);
  await record.locator("summary").click();
  await record.getByText('"first"').waitFor();
  await expectAccessible(page, "the records");
  await shoot(page, "records");
  await page.reload();
  await record.waitFor();
  await page.getByLabel("Last change").selectOption("deleted");
  await page.getByText("There is no such record").waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test("A person finds the run that failed, reads why, and runs it again.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`/p/${house.dev.project_id}/runs?state=queued`);
  const failed = page.getByRole("row", { name: "the issue is no issue" });
  await failed.waitFor({ timeout: 30_000 });
  await shoot(page, "runs");
  await expectAccessible(page, "the runs");
  await failed.getByRole("link").click();
  await page.getByRole("region", { name: "The run's error" }).getByText("issues.ts").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Run it again" }).click();
  await page.getByText("A new run is queued").first().waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
