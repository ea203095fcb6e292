// Measures how long the dashboard's pages take until they show what they ask for, in Chromium, from the moment on at
// which they are gone to:
//
//   KEY=sk_... node scripts/measure.mjs URL PROJECT ROUNDS
//
// The last line is JSON: the median of each page in milliseconds. `go run ./bench --only dashboard` runs it with
// few deliveries stored and with many.
import { chromium } from "playwright-core";

const [url, project, rounds] = process.argv.slice(2);
const key = process.env.KEY;
if (!url || !project || !rounds || !key) {
  console.error("usage: KEY=sk_... node scripts/measure.mjs URL PROJECT ROUNDS");
  process.exit(2);
}

/** The pages: where each is, and of what there is how much when it has answered. */
const pages = {
  overview: ["", "canvas", 3],
  deliveries: ["deliveries", "table a[href*='/deliveries/dlv_']", 20],
  undelivered: ["deliveries?state=undelivered", "table a[href*='/deliveries/dlv_']", 20],
  filtered: ["deliveries?model=Nothing", ".table-frame .empty", 1],
  endpoints: ["settings/endpoints", "tbody tr:not(:has(.skeleton))", 1],
};

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-sync", "--disable-background-networking"],
});
try {
  const page = await browser.newPage({ baseURL: url, viewport: { width: 1280, height: 860 } });
  await page.goto("/");
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const times = Object.fromEntries(Object.keys(pages).map((name) => [name, []]));
  for (let round = -1; round < Number(rounds); round++) {
    for (const [name, [path, what, count]] of Object.entries(pages)) {
      const began = performance.now();
      await page.goto(`/p/${project}/${path}`, { waitUntil: "commit" });
      await page.waitForFunction(
        ({ what, count }) => document.querySelectorAll(what).length >= count,
        { what, count },
        { polling: "raf" },
      );
      if (round >= 0) {
        times[name].push(performance.now() - began); // the round before the first warms the browser
      }
    }
  }
  console.log(JSON.stringify(Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))));
} finally {
  await browser.close();
}
