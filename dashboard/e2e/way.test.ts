import { expect, test } from "vitest";
import { expectAccessible, logIn, shoot, visit } from "./chromium.js";
import { withHouse } from "./house.js";
import { send, settle } from "./story.js";

const house = withHouse();

test("A person sees what a webhook waited for that its app refused at first.", async () => {
  const { page, context, complaints } = await visit(house.browser, house.dev.url);
  const api = await settle(house.dev, house.receiver);
  await logIn(page, house.dev.api_key);
  const before = house.receiver.received.length;
  house.receiver.status = 500;
  await send(house.dev, api, 1, "refused at first");
  await expect.poll(() => house.receiver.received.length).toBeGreaterThan(before);
  house.receiver.status = 200;
  await page.getByRole("link", { name: "Events" }).click();
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByRole("link", { name: "Follow its way" }).click();
  const steps = page.getByRole("list", { name: "The steps of the event" }).getByRole("listitem");
  await steps
    .filter({ hasText: "attempt 1" })
    .getByText(/500 in \d+ ms/)
    .waitFor();
  await steps
    .filter({ hasText: "attempt 2" })
    .getByText(/waited .* s for the next attempt's time/)
    .waitFor();
  await steps
    .filter({ hasText: "attempt 2" })
    .getByText(/200 in \d+ ms/)
    .waitFor();
  await expectAccessible(page, "the way of a webhook that was refused");
  await shoot(page, "way-retried");
  expect(complaints).toEqual([]);
  await context.close();
});
