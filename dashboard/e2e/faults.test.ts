import { expect, test } from "vitest";
import { logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";

const house = withHouse();

test("When the server is gone the page says so, keeps what it shows, and goes on by itself.", async () => {
  const { page, context } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByText("of 0 made").waitFor();
  await context.setOffline(true);
  await page.getByText("synchook does not answer.").waitFor();
  await page.getByText("of 0 made").waitFor();
  await shoot(page, "server-gone");
  await context.setOffline(false);
  await page.getByText("synchook does not answer.").waitFor({ state: "detached" });
  await context.close();
});

test("A fault of the server's is said in a sentence, and what it kept back comes by itself.", async () => {
  const { page, context } = await visit(house.browser, house.dev.url);
  await context.route("**/*/GetProjectSettings", (route) =>
    route.fulfill({
      status: 500,
      contentType: "application/json",
      body: '{"code":"internal","message":"internal error"}',
    }),
  );
  await logIn(page, house.dev.api_key);
  await page.getByRole("link", { name: "Project Settings" }).click();
  await page.getByText("synchook met a fault of its own.").first().waitFor();
  await shoot(page, "fault");
  await context.unroute("**/*/GetProjectSettings");
  await page.getByLabel("URL", { exact: true }).waitFor();
  await context.close();
});

test("A page that is none says so, and leads back.", async () => {
  const { page, context } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`/p/${house.dev.project_id}/nowhere`);
  await page.getByRole("link", { name: "Go to the overview" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await context.close();
});

test("A link to another project's page says whose it is.", async () => {
  const { page, context } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto("/p/prj_other/settings");
  await page.getByText("This page is of another project").waitFor();
  expect(await page.getByRole("link", { name: "Go to your project" }).getAttribute("href")).toBe(
    `/p/${house.dev.project_id}/`,
  );
  await context.close();
});

test("The command palette goes to a page by keyboard.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  await logIn(page, house.dev.api_key);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("A page, a name, or an ID").fill("retention");
  await shoot(page, "palette");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Project Settings" }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
