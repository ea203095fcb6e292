import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
const run = promisify(execFile);

/** app uses the package as an app does that depends on it, and tells what came of it. */
const app = `
import { type Code, createClient, listAll, problemOf, verifyWebhook, type NangoSyncWebhookBody } from "@synchook/client";
import { readWebhook } from "@synchook/client/webhooks";
import { DeliveryState } from "@synchook/client/gen/delivery_pb";

interface Vector { secrets: string[]; headers: Record<string, string>; body: string; error: string }

export async function main(now: number, vectors: Vector[]): Promise<string> {
  const said: string[] = [];
  for (const v of vectors) {
    const read = readWebhook(v.body, v.headers, v.secrets, { now: () => now * 1000 });
    said.push(await read.then(() => "", () => "refused"));
  }
  const first: Vector = vectors[0]!;
  const body: NangoSyncWebhookBody = await verifyWebhook(first.body, first.headers, first.secrets, { now: () => now * 1000 });
  const synchook = createClient({ baseUrl: "http://127.0.0.1:1", apiKey: "sk_1" });
  let code: Code | undefined;
  try {
    for await (const delivery of listAll(synchook.deliveries.listDeliveries, { state: DeliveryState.UNDELIVERED })) {
      said.push(delivery.id);
    }
  } catch (error) {
    code = problemOf(error).code;
  }
  return JSON.stringify([said, body.model, code !== undefined]);
}
`;

const node = `
import { readFileSync } from "node:fs";
import { webhookHandler } from "@synchook/client/express";
import { webhooks } from "@synchook/client/fastify";
import { webhookHandler as hono } from "@synchook/client/hono";
import { webhookRoute } from "@synchook/client/next";
import { main } from "./app.js";

const { now, webhooks: vectors } = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
if (![webhookHandler, webhooks, hono, webhookRoute].every((helper) => typeof helper === "function")) {
  throw new Error("a helper is missing");
}
console.log(await main(now, vectors));
`;

const vectorsFile = join(folder, "..", "testdata", "webhooks.json");
let program: string;
let wanted: string;

beforeAll(async () => {
  program = await mkdtemp(join(tmpdir(), "synchook-app-"));
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", program], { cwd: folder });
  const [tarball] = (await readdir(program)).filter((name) => name.endsWith(".tgz"));
  await writeFile(join(program, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`], {
    cwd: program,
  });
  const compilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    target: "es2022",
    module: "nodenext",
    types: ["node"],
    typeRoots: [join(folder, "..", "..", "node_modules", "@types")],
    outDir: "out",
  };
  await writeFile(join(program, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  await writeFile(join(program, "app.ts"), app);
  await writeFile(join(program, "node.ts"), node);
  const { webhooks }: { webhooks: { error: string }[] } = JSON.parse(await readFile(vectorsFile, "utf8"));
  wanted = JSON.stringify([webhooks.map(({ error }) => (error ? "refused" : "")), "GithubIssue", true]);
}, 120_000);

afterAll(() => rm(program, { recursive: true, force: true }));

describe("The package, as npm packs it and an empty project installs it,", () => {
  test("is checked in strict mode, and runs on Node.", async () => {
    const { stdout } = await run(process.execPath, [tsc, "-p", program]).catch((error) => error);
    expect(stdout).toBe("");
    const said = await run(process.execPath, [join(program, "out", "node.js"), vectorsFile]);
    expect(said.stdout.trim()).toBe(wanted);
  }, 60_000);

  test("runs in a browser, bundled.", async () => {
    await build({
      root: program,
      logLevel: "error",
      configFile: false,
      build: { outDir: "web", lib: { entry: "app.ts", name: "app", formats: ["iife"], fileName: "app" } },
    });
    const [bundle] = (await readdir(join(program, "web"))).filter((name) => name.endsWith(".js"));
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
    });
    try {
      const page = await browser.newPage();
      await page.route("http://localhost/", (route) => route.fulfill({ contentType: "text/html", body: "" }));
      await page.goto("http://localhost/"); // WebCrypto is for secure contexts
      await page.addScriptTag({ path: join(program, "web", bundle ?? "") });
      const { now, webhooks } = JSON.parse(await readFile(vectorsFile, "utf8"));
      const said = await page.evaluate(
        ([time, vectors]) =>
          (globalThis as unknown as { app: { main(...a: unknown[]): Promise<string> } }).app.main(
            time,
            vectors,
          ),
        [now, webhooks],
      );
      expect(said).toBe(wanted);
    } finally {
      await browser.close();
    }
  }, 60_000);
});
