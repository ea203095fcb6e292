import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

/** Where the screenshots of a run are kept. */
const shots = new URL("./shots/", import.meta.url).pathname;

/** Where the pictures of the README are written, if this run is to make them; and which these are. */
const pictures = process.env.SYNCHOOK_PICTURES;
const inDocs = new Set(["way-retried-desk-light.png", "way-retried-desk-dark.png"]);

/** launch starts Chromium as the system has it. */
export function launch(): Promise<Browser> {
  const quiet = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
  ];
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-sync", ...quiet],
  });
}

/** Visitor is a person before a browser, whose console is watched. */
export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** What the console has complained of so far. */
  complaints: string[];
}

/** visit opens a browser window of a person's own at an address. */
export async function visit(
  browser: Browser,
  url: string,
  options: { phone?: boolean } = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: 860 },
    reducedMotion: "reduce",
    colorScheme: "light",
  });
  context.setDefaultTimeout(15_000);
  await context.addInitScript(watchShifts);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, context, complaints };
}

/** watchShifts adds up how far what is shown has moved by itself since the page was opened. */
function watchShifts(): void {
  const page = window as typeof window & { shifted: number };
  page.shifted = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries() as (PerformanceEntry & {
      value: number;
      hadRecentInput: boolean;
    })[]) {
      page.shifted += shift.hadRecentInput ? 0 : shift.value;
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** How far a page may move by itself: what web.dev calls good. */
const shiftMost = 0.1;

/** expectStill lets a page be opened anew, and fails when what is shown moves by itself while it is read. */
export async function expectStill(page: Page, what: string): Promise<void> {
  await page.reload({ waitUntil: "networkidle" });
  const shifted = await page.evaluate(() => (window as typeof window & { shifted: number }).shifted);
  expect(shifted, `how far ${what} moves by itself`).toBeLessThan(shiftMost);
}

/** logIn logs in with a key, as the page asks for it. */
export async function logIn(page: Page, key: string): Promise<void> {
  await page.goto("/");
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** expectAccessible lets axe look at the page: it must find nothing serious. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // The pages' policy runs no script that is written into them; the debugger's own way is open.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe.source });
  const run = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => id + ": " + help + ": " + nodes.map(({ html }) => html).join(" | ")))`;
  const { result } = await session.send("Runtime.evaluate", {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  expect(result.value, `what axe finds serious on ${what}`).toEqual([]);
}

/** shoot keeps pictures of a page: light and dark, as wide as a desk's and as a phone's. */
export async function shoot(page: Page, name: string): Promise<void> {
  await mkdir(shots, { recursive: true });
  const before = page.viewportSize();
  for (const [device, size] of [
    ["desk", { width: 1280, height: 860 }],
    ["phone", { width: 390, height: 844 }],
  ] as const) {
    await page.setViewportSize(size);
    const over = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await expect.poll(over, { message: `how much wider ${name} is than a ${device}` }).toBeLessThanOrEqual(0);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const picture = `${name}-${device}-${colorScheme}.png`;
      await page.screenshot({ path: join(shots, picture), fullPage: true });
      if (pictures && inDocs.has(picture)) {
        await mkdir(pictures, { recursive: true });
        await page.screenshot({ path: join(pictures, picture) });
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  if (before) {
    await page.setViewportSize(before);
  }
}
