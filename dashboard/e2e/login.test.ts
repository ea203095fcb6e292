import { expect, test } from "vitest";
import { expectAccessible, logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";

const house = withHouse();

test("A person logs in with a key, which no script can read afterwards, and out.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await page.goto("/");
  await page.getByLabel("API key").waitFor();
  await expectAccessible(page, "the log-in");
  await shoot(page, "login");
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  expect(page.url()).toBe(`${house.dev.url}/p/${house.dev.project_id}/`);
  for (const path of ["/queues/", "/queues/api/queues", "/metrics"]) {
    expect((await page.request.get(path)).status(), `${path}, which is the admin's`).toBe(401);
  }
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
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.admin_key);
  await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
  await page.getByRole("link", { name: house.dev.project_id }).waitFor();
  await expectAccessible(page, "the choice of a project");
  await shoot(page, "projects");
  await page.getByRole("link", { name: house.dev.project_id }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test("A wrong key is refused in words.", async () => {
  const { page, context } = await visit(house.browser, house.dev.url);
  await logIn(page, "sk_wrong");
  await page.getByText("The API key is unknown or revoked.").first().waitFor();
  await context.close();
});
