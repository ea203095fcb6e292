import { createClient, type SynchookClient } from "@synchook/client";
import { expect, test } from "vitest";
import { expectAccessible, expectStill, logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";
import { deploy, trigger } from "./story.js";

const house = withHouse();

/** unended is how many runs are queued or under way. */
async function unended(api: SynchookClient): Promise<number> {
  const { runs } = await api.runs.listRuns({});
  return runs.filter(({ endTime }) => !endTime).length;
}

test("A person sets a provider up, connects an account, runs a sync, and sees each step ticked off.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  const api = createClient({ baseUrl: house.dev.url, apiKey: house.dev.api_key });
  await logIn(page, house.dev.api_key);
  const ticked = () => page.getByRole("listitem").filter({ hasText: "(done)" }).count();
  await page.getByText("Quick start").waitFor();
  expect(await ticked()).toBe(0);
  await page.getByRole("link", { name: "Integrations" }).click();
  await page.getByText("No provider is set up yet").waitFor();
  await page.getByRole("button", { name: "Add an integration" }).click();
  await page.getByLabel("Name", { exact: true }).fill("no name!");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByRole("alert").first().waitFor();
  complaints.length = 0; // the refusal itself, which the browser notes
  await page.getByLabel("Name", { exact: true }).fill("github");
  await page.getByLabel("Webhook secret").fill("of the provider");
  await expectAccessible(page, "the dialog of an integration");
  await page.getByRole("button", { name: "Add it" }).click();
  const row = page.getByRole("row", { name: "github" });
  await row.waitFor();
  expect(await row.locator("code").textContent()).toMatch(/^http.*\/webhook\/.*\/github$/);
  await expectAccessible(page, "the integrations");
  await shoot(page, "integrations");

  await row.getByRole("link", { name: "Connections" }).click();
  await page.getByText("No account is connected yet").waitFor();
  await page.getByRole("button", { name: "Add a connection" }).click();
  await page.getByLabel("Name", { exact: true }).fill("user-1");
  await page.getByLabel("Token").fill("a token");
  await page.getByLabel("Connection config").fill("{");
  await page.getByText("This is no JSON object.").waitFor();
  await page.getByLabel("Connection config").fill('{"installation_id": 7}');
  await expectAccessible(page, "the dialog of a connection");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByRole("row", { name: "user-1" }).getByText("a token").waitFor();
  await expectAccessible(page, "the connections");
  await shoot(page, "connections");
  await page.getByRole("row", { name: "user-1" }).getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Metadata").fill('{"repos": ["octo/hello"]}');
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The connection is changed.").first().waitFor();
  const changed = await api.connections.getConnection({
    providerConfigKey: "github",
    connectionId: "user-1",
  });
  expect(changed).toMatchObject({
    metadata: { repos: ["octo/hello"] },
    connectionConfig: { installation_id: 7 },
  });

  await page.getByRole("link", { name: "Syncs" }).click();
  await page.getByText("No sync is deployed yet").waitFor();
  await deploy(house.dev);
  await page.reload();
  const sync = page.getByRole("row", { name: "issues" });
  await sync.getByRole("button", { name: "Run now" }).click();
  await page.getByText("1 queued").first().waitFor();
  await sync.getByText("succeeded").waitFor();
  await sync.getByRole("button", { name: "Schedule of issues" }).click();
  await page.getByRole("menuitem", { name: "Start the schedule" }).click();
  await page.getByText("The schedule goes on for 1 connection.").first().waitFor();
  await sync.getByRole("button", { name: "Schedule of issues" }).click();
  await page.getByRole("menuitem", { name: "Pause the schedule" }).click();
  await page.getByText("The schedule is paused for 1 connection.").first().waitFor();
  await expect.poll(() => unended(api), { message: "the runs that have not ended" }).toBe(0);
  await expectAccessible(page, "the syncs");
  await shoot(page, "syncs");

  await page.getByRole("link", { name: "Overview" }).click();
  await expect.poll(ticked, { timeout: 10_000 }).toBe(3);
  await api.projects.updateProjectSettings({
    settings: { webhookUrl: house.receiver.url },
    updateMask: { paths: ["webhook_url"] },
  });
  await expect.poll(ticked, { timeout: 10_000 }).toBe(4);
  await expectAccessible(page, "the quick start");
  await shoot(page, "quick-start");
  await trigger(api);
  await page.getByText("Your first webhook was received").waitFor();
  await page
    .getByRole("img", { name: /Events and runs a minute: 0 events came, [1-9] runs ended/ })
    .waitFor();
  await shoot(page, "overview");
  await expectStill(page, "the overview");
  expect(house.receiver.received).toHaveLength(1);

  await page.getByRole("link", { name: "Connections" }).click();
  await page.getByRole("row", { name: "user-1" }).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete it" }).click();
  await page.getByText("No account is connected yet").waitFor();
  expect((await api.connections.listConnections({})).connections).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});

test("The overview warns of an integration without a secret, until it has one.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  const api = createClient({ baseUrl: house.dev.url, apiKey: house.dev.api_key });
  await api.integrations.createIntegration({
    integration: { providerConfigKey: "crm", provider: "standard-webhooks" },
  });
  await logIn(page, house.dev.api_key);
  await page.getByText("No webhook of crm is accepted.").waitFor();
  await expectAccessible(page, "a warning of the overview");
  await page.getByRole("link", { name: "the integration" }).click();
  const row = page.getByRole("row", { name: "crm" });
  await row.getByText("none: all webhooks are refused").waitFor();
  await row.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Webhook secret").fill("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  await page.getByRole("button", { name: "Save" }).click();
  await row.getByText("none: all webhooks are refused").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText("Deliveries a minute").waitFor();
  await page.getByText("No webhook of crm is accepted.").waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
  await context.close();
});
