import { createClient, listAll, type SynchookClient } from "@synchook/client";
import { DeliveryState } from "@synchook/client/gen/delivery_pb";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible, expectStill, logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";
import { settle, trigger } from "./story.js";

const house = withHouse();

/** deliveriesIn are the IDs of the deliveries in a state. */
async function deliveriesIn(api: SynchookClient, state: DeliveryState): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of listAll(api.deliveries.listDeliveries, { state })) {
    ids.push(id);
  }
  return ids;
}

/** look shows a page to axe and keeps pictures of it. */
async function look(page: Page, name: string): Promise<void> {
  await expectAccessible(page, name);
  await shoot(page, name);
}

test("A person sees why a webhook was given up, sends it again, and recovers the rest.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Deliveries" }).click();
  await page.getByText("No webhook is owed yet").waitFor();
  await look(page, "deliveries-empty");

  const api = await settle(house.dev, house.receiver);
  house.receiver.status = 422;
  for (let n = 0; n < 3; n++) {
    await trigger(api);
  }
  await expect.poll(() => deliveriesIn(api, DeliveryState.EXHAUSTED), { timeout: 30_000 }).toHaveLength(3);
  await page.getByRole("link", { name: "Issue" }).first().waitFor();
  await page.getByLabel("State").selectOption("given up");
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(4);
  expect(page.url()).toContain("state=exhausted");
  await look(page, "deliveries");

  await page.getByRole("link", { name: "Issue" }).first().click();
  await page.getByText("Attempt 2: 422").waitFor();
  await page.getByText("What it answered").first().click();
  await page.getByText("What was sent").first().click();
  await page.getByLabel("The request of attempt 1").getByText("Webhook-Signature: v1,").waitFor();
  await look(page, "delivery");
  await expectStill(page, "a delivery");
  house.receiver.status = 200;
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByText("Attempt 3: 200").waitFor();
  await page.getByText("delivered", { exact: true }).waitFor();

  await page.getByRole("link", { name: "Deliveries" }).click();
  await page.getByRole("link", { name: "Recover what was given up" }).click();
  await page.getByText("Nothing was recovered yet").waitFor();
  await page.getByRole("button", { name: "Recover deliveries" }).click();
  await page.getByRole("button", { name: "Count them" }).click();
  await page.getByText("2 deliveries are given up there.").waitFor();
  await look(page, "recover");
  await page.getByRole("button", { name: "Send them again" }).click();
  await page.getByText("2 of 2 sent again").waitFor();
  await page.getByText("done", { exact: true }).waitFor();
  await look(page, "recoveries");
  await expect.poll(() => deliveriesIn(api, DeliveryState.DELIVERED), { timeout: 30_000 }).toHaveLength(3);
  expect(complaints).toEqual([]);
  await context.close();
});

test("A link to a filtered list shows what it was made of.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url, { phone: true });
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`/p/${house.dev.project_id}/deliveries?state=cancelled&model=Issue`);
  await page.getByText("Nothing matches").waitFor();
  expect(await page.getByLabel("Model").inputValue()).toBe("Issue");
  await page.getByRole("button", { name: "Show all" }).first().click();
  await page.getByRole("link", { name: "Issue" }).first().waitFor();

  const api = createClient({ baseUrl: house.dev.url, apiKey: house.dev.api_key });
  await page.goto(`/p/${house.dev.project_id}/deliveries?connection=user-1`); // of the only integration
  await page.getByRole("link", { name: "Issue" }).first().waitFor();
  expect(complaints).toEqual([]);
  await api.integrations.createIntegration({
    integration: {
      providerConfigKey: "crm",
      provider: "standard-webhooks",
      webhookSecrets: ["c2VjcmV0LW9mLXRoZS1jcm0="],
    },
  });
  await page.reload();
  await page.getByText("names within an integration only").waitFor();
  await page.getByLabel("Integration").fill("github");
  await page.getByRole("link", { name: "Issue" }).first().waitFor();
  complaints.length = 0; // the refusal, which the browser notes
  await context.close();
});
