import { createClient } from "@synchook/client";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible, expectStill, logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";

const house = withHouse();

const api = () => createClient({ baseUrl: house.dev.url, apiKey: house.dev.api_key });

/** goTo opens a page of the project. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.goto(`/p/${house.dev.project_id}${path}`);
}

/** secretIn returns the secret that a dialog shows this once, and closes it. */
async function secretIn(page: Page): Promise<string | null> {
  const dialog = page.getByRole("dialog");
  const secret = await dialog.locator("code").textContent();
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  return secret;
}

test("A person logs in, sets the webhook URL, sends a test there, and sees it arrive.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Set the webhook URL" }).waitFor();
  await expectAccessible(page, "the overview");
  await shoot(page, "overview-empty");
  await page.getByRole("link", { name: "Set the webhook URL" }).click();
  const url = page.getByLabel("URL", { exact: true });
  await url.fill("no url");
  const save = page.getByRole("button", { name: "Save" }).first();
  await save.click();
  await expect.poll(() => url.getAttribute("aria-invalid")).toBe("true");
  complaints.length = 0; // the refusal itself, which the browser notes
  await url.fill(house.receiver.url);
  await save.click();
  await page.getByText("The webhook URL is set.").first().waitFor();
  await page.getByRole("button", { name: "Send a test webhook" }).click();
  await page.getByRole("button", { name: "Send it" }).click();
  await page.getByText("It arrived.").waitFor();
  expect(house.receiver.received.at(-1)?.headers["webhook-id"]).toMatch(/^test_/);
  await expectAccessible(page, "the result of a test");
  await shoot(page, "settings-test");
  house.receiver.status = 500;
  await page.getByRole("button", { name: "Send it" }).click();
  await page.getByText("It did not arrive.").waitFor();
  house.receiver.status = 200;
  await page.keyboard.press("Escape");
  await page.reload();
  await expect.poll(() => url.inputValue()).toBe(house.receiver.url);
  await expectAccessible(page, "the settings");
  await shoot(page, "settings");
  expect(complaints).toEqual([]);
  await context.close();
});

test("A person makes a new signing secret, changes the retry schedule, and sends headers along.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Project Settings" }).click();
  await page.getByRole("button", { name: "Make a new one" }).click();
  await page.getByRole("button", { name: "Make it" }).click();
  expect(await secretIn(page)).toMatch(/^whsec_/);
  await page.getByText("Change the waits").click();
  await page.getByLabel("Wait before attempt 2,").fill("1 min 30 s");
  await page.getByRole("button", { name: "Take attempt 13 away" }).click();
  await shoot(page, "settings-schedule");
  await page.locator("section", { hasText: "Retry schedule" }).getByRole("button", { name: "Save" }).click();
  await page.getByText("The retry schedule is set.").first().waitFor();
  const { retrySchedule } = await api().projects.getProjectSettings({});
  expect([retrySchedule.length, retrySchedule[0]?.seconds]).toEqual([11, 90n]);
  await page.getByRole("button", { name: "Add headers" }).click();
  await page.getByRole("button", { name: "One more header" }).click();
  await page.getByLabel("Name of header 1").fill("X-Gateway-Key");
  await page.getByLabel("Value of header 1").fill("of the gateway");
  await page.locator("section", { hasText: "Headers" }).last().getByRole("button", { name: "Save" }).click();
  await page
    .getByText("x-gateway-key: ••••••", { exact: false })
    .or(page.getByText("X-Gateway-Key: ••••••"))
    .waitFor();
  await page.getByLabel("Send always").click();
  await expect.poll(async () => (await api().projects.getProjectSettings({})).alwaysSendWebhook).toBe(true);
  expect(complaints).toEqual([]);
  await context.close();
});

test("A person adds an endpoint, changes it, and deletes it.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await goTo(page, "/settings/endpoints");
  await page.getByRole("button", { name: "Add an endpoint" }).click();
  await page.getByLabel("URL", { exact: true }).fill(house.receiver.url);
  await page.getByLabel("Name", { exact: true }).fill("warehouse");
  await expectAccessible(page, "the dialog of an endpoint");
  await page.getByRole("button", { name: "Add it" }).click();
  expect(await secretIn(page)).toMatch(/^whsec_/);
  const row = page.getByRole("row", { name: "warehouse" });
  const choose = async (choice: string) => {
    await row.getByRole("button", { name: "Actions of warehouse" }).click();
    await page.getByRole("menuitem", { name: choice }).click();
  };
  await expectAccessible(page, "the endpoints");
  await shoot(page, "endpoints");
  await expectStill(page, "the endpoints");
  await choose("Edit");
  await page.getByLabel("Only these models").fill("Issue, Contact");
  await page.getByLabel("Requests a second").fill("5");
  await page.getByLabel("Least time between").fill("half an hour");
  await page.getByText("Write a span, such as").waitFor();
  await page.getByLabel("Least time between").fill("30 min");
  await page.getByLabel("Make waiting webhooks one").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The endpoint is changed.").first().waitFor();
  await choose("Edit");
  await expect.poll(() => page.getByLabel("Only these models").inputValue()).toBe("Issue, Contact");
  expect(await page.getByLabel("Least time between").inputValue()).toBe("30 min");
  expect((await api().endpoints.listEndpoints({})).endpoints.at(-1)).toMatchObject({
    rateLimit: 5,
    minInterval: { seconds: 1800n },
    coalesce: true,
  });
  await page.keyboard.press("Escape");
  await choose("Delete");
  await page.getByRole("button", { name: "Delete it" }).click();
  await row.waitFor({ state: "detached" });
  expect(complaints).toEqual([]);
  await context.close();
});

test("Whoever is logged in with a key that is revoked is told so, and logs in with another.", async () => {
  const owner = await visit(house.browser, house.dev.url);
  await logIn(owner.page, house.dev.api_key);
  await owner.page.getByRole("heading", { name: "Overview" }).waitFor();
  await goTo(owner.page, "/settings/keys");
  await owner.page.getByLabel("Name", { exact: true }).fill("reader");
  await owner.page.getByRole("button", { name: "Make it" }).click();
  const key = (await secretIn(owner.page)) ?? "";
  await expectAccessible(owner.page, "the keys");
  await shoot(owner.page, "keys");

  const reader = await visit(house.browser, house.dev.url);
  await logIn(reader.page, key);
  await reader.page.getByRole("link", { name: "Project Settings" }).click();
  await reader.page.getByText("Your key may look, and change nothing").waitFor();
  await owner.page.getByRole("row", { name: "reader" }).getByRole("button", { name: "Revoke" }).click();
  await owner.page.getByRole("button", { name: "Revoke it" }).click();
  await owner.page.getByText("The key reader is revoked.").first().waitFor();
  await reader.page.getByRole("link", { name: "Overview" }).click();
  await reader.page.getByText("was revoked").waitFor();
  await logIn(reader.page, house.dev.api_key);
  await reader.page.getByRole("heading", { name: "Overview" }).waitFor();
  expect(owner.complaints).toEqual([]);
  await Promise.all([owner.context.close(), reader.context.close()]);
});

test("A person says how long things are kept.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await goTo(page, "/settings/data");
  await page.getByLabel("Kept for").first().fill("7 d");
  await page.getByRole("button", { name: "Save" }).first().click();
  await expect
    .poll(async () => (await api().projects.getProjectSettings({})).retention?.seconds)
    .toBe(604_800n);
  await expectAccessible(page, "the retention");
  await shoot(page, "data");
  expect(complaints).toEqual([]);
  await context.close();
});
