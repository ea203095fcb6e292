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

test("A person logs in with a key, which no script can read afterwards, and out.", async () => {
  const { page, context, complaints } = await visit(browser, dev.url);
  await page.goto("/");
  await page.getByLabel("API key").waitFor();
  await expectAccessible(page, "the log-in");
  await shoot(page, "login");
  await logIn(page, dev.api_key);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  expect(page.url()).toBe(`${dev.url}/p/${dev.project_id}/`);
  const readable = await page.evaluate(() =>
    JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
  );
  expect(readable).toBe(JSON.stringify(["", {}, {}]));
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  await page.getByRole("button", { name: "You" }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByLabel("API key").waitFor();
  expect(await context.cookies()).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});

test("The admin chooses a project.", async () => {
  const { page, context, complaints } = await visit(browser, dev.url);
  await logIn(page, dev.admin_key);
  await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
  await page.getByRole("link", { name: dev.project_id }).waitFor();
  await expectAccessible(page, "the choice of a project");
  await shoot(page, "projects");
  await page.getByRole("link", { name: dev.project_id }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test("A wrong key is refused in words.", async () => {
  const { page, context } = await visit(browser, dev.url);
  await logIn(page, "sk_wrong");
  await page.getByText("The API key is unknown or revoked.").first().waitFor();
  await context.close();
});
