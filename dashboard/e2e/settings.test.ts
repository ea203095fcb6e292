import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dev, startDev } from "../../clients/typescript/test/dev.js";
import { expectAccessible, launch, logIn, shoot, visit } from "./chromium.js";

let dev: Dev;
let browser: Browser;

beforeAll(async () => {
  [dev, browser] = await Promise.all([startDev(), launch()]);
});

afterAll(async () => {
  await browser?.close();
  await dev?.stop();
});

test("A person logs in, sets the webhook URL, and sees it.", async () => {
  const { page, context, complaints } = await visit(browser, dev.url);
  await logIn(page, dev.api_key);
  await page.getByRole("link", { name: "Set the webhook URL" }).waitFor();
  await expectAccessible(page, "the overview");
  await shoot(page, "overview-empty");
  await page.getByRole("link", { name: "Set the webhook URL" }).click();
  const url = page.getByLabel("URL", { exact: true });
  await url.fill("no url");
  await page.getByRole("button", { name: "Save" }).first().click();
  await page.locator("[role=alert]", { hasText: /URL/ }).first().waitFor();
  expect(await url.getAttribute("aria-invalid")).toBe("true");
  complaints.length = 0; // the refusal itself, which the browser notes
  await url.fill("http://127.0.0.1:9/hook");
  await page.getByRole("button", { name: "Save" }).first().click();
  await page.getByText("The webhook URL is set.").first().waitFor();
  await page.reload();
  await expect.poll(() => url.inputValue()).toBe("http://127.0.0.1:9/hook");
  await expectAccessible(page, "the settings");
  await shoot(page, "settings");
  expect(complaints).toEqual([]);
  await context.close();
});
