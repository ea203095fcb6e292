import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import express from "express";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../src/index.js";
import { compile, docs, examplesOf, folder, inPackage } from "./compile.js";
import { type Dev, startDev } from "./dev.js";

test("The examples of the README compile.", async () => {
  const examples = examplesOf(await readFile(join(folder, "README.md"), "utf8"));
  expect(examples).toHaveLength(3);
  expect(await compile(examples)).toBe("");
});

test("The examples of the repository's README and docs compile.", async () => {
  const pages = (await readdir(docs)).filter((name) => name.endsWith(".md")).map((name) => join(docs, name));
  const texts = await Promise.all(
    [join(docs, "..", "README.md"), ...pages].map((page) => readFile(page, "utf8")),
  );
  const examples = texts.flatMap(examplesOf);
  expect(examples.length).toBeGreaterThanOrEqual(4);
  expect(await compile(examples)).toBe("");
});

test("An example that does not compile is told.", async () => {
  const text =
    "import type { NangoSync } from 'nango';\nexport const f = (nango: NangoSync) => nango.nothing;\n";
  expect(await compile([text])).toContain("Property 'nothing' does not exist");
});

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const body = JSON.stringify({
  connectionId: "user-1",
  providerConfigKey: "github",
  syncName: "github-issues",
  model: "GithubIssue",
  responseResults: { GithubIssue: { added: 1, updated: 0, deleted: 0 } },
  syncType: "INITIAL",
  queryTimeStamp: null,
});

/** webhook is a request with the body, signed with a key. */
function webhook(key: string): RequestInit {
  const now = new Date();
  const headers = {
    "webhook-id": "dlv_1",
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(key).sign("dlv_1", now, body),
  };
  return { method: "POST", body, headers };
}

/** withExample compiles an example for as long as it is used. */
async function withExample<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  return inPackage([text], (program) => use(join(program, "example0.js")));
}

/** exampleWith is the one example of a page that has a text. */
async function exampleWith(page: string, text: string): Promise<string> {
  const [example, ...more] = examplesOf(await readFile(page, "utf8")).filter((one) => one.includes(text));
  expect(more).toEqual([]);
  return example ?? expect.fail(`${page} has no example with ${text}`);
}

describe("The examples that receive webhooks", () => {
  const forged = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const request = (key: string) => new Request("http://127.0.0.1/webhook", webhook(key));

  beforeAll(() => {
    process.env.SYNCHOOK_SIGNING_SECRET = secret;
  });
  afterAll(() => {
    delete process.env.SYNCHOOK_SIGNING_SECRET;
  });

  test("take a signed one and refuse a forged one, as a function.", async () => {
    const text = await exampleWith(join(docs, "..", "README.md"), "verifyWebhook");
    await withExample(text, async (file) => {
      const { receive } = await import(pathToFileURL(file).href);
      expect(await receive(request(secret))).toMatchObject({ connectionId: "user-1" });
      await expect(receive(request(forged))).rejects.toThrow("No signature matches");
    });
  });

  test("answer 204 or 401, as a route.", async () => {
    await withExample(
      await exampleWith(join(folder, "README.md"), "WebhookVerificationError"),
      async (file) => {
        const { POST } = await import(pathToFileURL(file).href);
        expect((await POST(request(secret))).status).toBe(204);
        expect((await POST(request(forged))).status).toBe(401);
      },
    );
  });

  test("answer 204 or 401, in Express.", async () => {
    await withExample(
      await exampleWith(join(docs, "outgoing-webhooks.md"), "webhookHandler"),
      async (file) => {
        const { receiveWebhooks } = await import(pathToFileURL(file).href);
        const app = express();
        receiveWebhooks(app);
        const server = createServer(app).listen(0, "127.0.0.1");
        await once(server, "listening");
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
        expect((await fetch(url, webhook(secret))).status).toBe(204);
        expect((await fetch(url, webhook(forged))).status).toBe(401);
        server.close();
      },
    );
  });
});

describe("The examples that call synchook", () => {
  let dev: Dev;
  beforeAll(async () => {
    dev = await startDev();
  });
  afterAll(async () => {
    await dev?.stop();
  });

  /** run runs an example against the server until it ends or prints a line, and returns that. */
  async function run(text: string, act?: () => Promise<unknown>): Promise<string | undefined> {
    const here = text.replace("http://localhost:8080", dev.url).replace("sk_...", dev.api_key);
    return withExample(here, async (file) => {
      const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(child, "exit");
      const line = once(createInterface({ input: child.stdout }), "line");
      await act?.();
      const [first] = await Promise.race([line, exited]);
      child.kill();
      await exited;
      return typeof first === "string" ? first : `exit ${first}`;
    });
  }

  test("set the URL and watch the deliveries.", async () => {
    const api = createClient({ baseUrl: dev.url, apiKey: dev.api_key });
    const settings = async () => (await api.projects.getProjectSettings({})).webhookUrl;
    const line = await run(await exampleWith(join(folder, "README.md"), "watchDeliveries"), async () => {
      await expect.poll(settings, { timeout: 5000 }).toBe("https://app.example/hook");
    });
    expect(line).toBe("undefined undefined"); // the first of a watch says that it has begun
  });

  test("list what was not delivered, which is nothing.", async () => {
    expect(await run(await exampleWith(join(folder, "README.md"), "listAll"))).toBe("exit 0");
  });
});
