import { createClient } from "@synchook/client";
import { expect, test } from "vitest";
import { expectAccessible, expectStill, logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";
import { send, settle } from "./story.js";

const house = withHouse();

test("A person follows an event to its run, its log and its webhook, and replays it.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Events" }).click();
  await page.getByText("No provider has sent a webhook yet").waitFor();
  await expectAccessible(page, "the empty ledger");
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByText("No sync has run yet").waitFor();

  const api = await settle(house.dev, house.receiver);
  await send(house.dev, api, 1, "first");
  await send(house.dev, api, 2, "boom");
  await send(house.dev, api, 3, "of nobody", 999);
  await page.getByRole("link", { name: "Events" }).click();
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(4);
  await page.getByLabel("Outcome").selectOption("unmatched");
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(2);
  await page.getByRole("button", { name: "Show all" }).click();
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(4);
  await expectStill(page, "the ledger");
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
  const requests = page.getByRole("list", { name: "The run's requests" });
  await requests.getByText("/user").waitFor();
  await requests.getByText(/200 in \d+ ms/).waitFor();
  await expectStill(page, "a run");
  await expectAccessible(page, "a run");
  await shoot(page, "run");
  await page.getByRole("link", { name: "an event" }).click();
  await page.getByRole("link", { name: "Follow its way" }).click();
  const steps = page.getByRole("list", { name: "The steps of the event" }).getByRole("listitem");
  await steps
    .filter({ hasText: "attempt 1" })
    .getByText(/200 in \d+ ms/)
    .waitFor();
  expect((await steps.allInnerTexts()).map((text) => text.split("\n")[0])).toEqual([
    "issues.opened",
    "issues for user-1",
    expect.stringMatching(/^GET 127\.0\.0\.1:\d+\/user$/),
    "webhook Issue",
    "attempt 1",
  ]);
  await expectStill(page, "an event's way");
  await expectAccessible(page, "an event's way");
  await shoot(page, "way");
  await page.getByRole("link", { name: "The event" }).click();
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
  const source = page.getByRole("region", { name: /The source around line \d+ of .*issues.ts/ });
  expect(await source.locator("[aria-current]").textContent()).toContain(
    "throw new Error('the issue is no issue')",
  );
  await shoot(page, "run-failed");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Run it again" }).click();
  await page.getByText("A new run is queued").first().waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test("A person tries a matching rule on an event of nobody's, and takes it.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  const api = createClient({ baseUrl: house.dev.url, apiKey: house.dev.api_key });
  await api.connections.updateConnection({
    connection: { providerConfigKey: "github", connectionId: "user-1", metadata: { number: 4 } },
    updateMask: { paths: ["metadata"] },
  });
  await send(house.dev, api, 4, "matched by its number", 999);
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Integrations" }).click();
  await page.getByRole("row", { name: "github" }).getByRole("button", { name: "Edit" }).click();
  const tried = page.getByRole("status");
  await tried.getByText("unmatched", { exact: true }).waitFor();
  await page.getByLabel("How an event finds its connections").selectOption("rules");
  await page.getByLabel("The event's").fill("issue.id");
  await page.getByLabel("is the connection's").fill("metadata.number");
  await tried.getByText("issues would run for user-1").waitFor();
  await expectAccessible(page, "the try-out of a matching rule");
  await shoot(page, "match");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The integration is changed.").first().waitFor();
  const { match } = await api.integrations.getIntegration({ providerConfigKey: "github" });
  expect(match?.rules).toMatchObject([{ from: "issue.id", to: "metadata.number" }]);
  expect(complaints).toEqual([]);
  await context.close();
});

test("The command palette finds a sync, a connection and an integration by name.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  for (const [name, heading, path] of [
    ["issues of github", "Runs", "/runs?integration=github&sync=issues"],
    ["user-1 of github", "Connections", "/connections?integration=github&connection=user-1"],
    ["API keys", "Project Settings", "/settings/keys"],
  ] as const) {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("A page, a name, or an ID").fill(name);
    await page.getByRole("option", { name }).first().click();
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    expect(page.url()).toBe(`${house.dev.url}/p/${house.dev.project_id}${path}`);
  }
  await page
    .getByRole("tab", { name: "API keys" })
    .or(page.getByRole("link", { name: "API keys" }))
    .waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test("A connection tells when an event came last, and how its last run ended.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Connections" }).click();
  const row = page.getByRole("row").filter({ hasText: "user-1" });
  await row.getByRole("link", { name: /succeeded|failed/ }).waitFor();
  expect(await row.getByText("none yet").count()).toBe(0);
  await expectAccessible(page, "the connections");
  await shoot(page, "connections-lately");
  await page.getByRole("link", { name: "Integrations" }).click();
  await page.getByRole("table", { name: "Integrations" }).getByText(/ ago$/).waitFor();
  await shoot(page, "integrations-lately");
  expect(complaints).toEqual([]);
  await context.close();
});

test("What matches is found behind a thousand events that do not.", async () => {
  const api = createClient({ baseUrl: house.dev.url, apiKey: house.dev.api_key });
  for (let number = 100; number < 1200; number += 20) {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => send(house.dev, api, number + n, "of nobody", 999)),
    );
  }
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`/p/${house.dev.project_id}/events?outcome=matched`);
  await page.getByText("issues.opened").first().waitFor();
  expect(await page.getByRole("row").filter({ hasText: "unmatched" }).count()).toBe(0);
  await page.goto(`/p/${house.dev.project_id}/events?outcome=handshake`);
  await page.getByText("Nothing matches", { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
