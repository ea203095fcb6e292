import { readdirSync } from "node:fs";
import type { DescFile, DescService } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { createClient, type SynchookClient } from "../src/index.js";

const generated = new URL("../src/gen/synchook/v1/", import.meta.url);

/** contract reads all services from the generated files, so that none can be forgotten below. */
async function contract(): Promise<DescService[]> {
  const modules = readdirSync(generated).map(
    async (file): Promise<Record<string, DescFile>> => import(new URL(file, generated).href),
  );
  const exports = (await Promise.all(modules)).flatMap((module) => Object.values(module));
  return exports.filter((value) => value.kind === "file").flatMap((file) => file.services);
}

/** recorder is a fetch that keeps the requests and answers each with the error "unimplemented". */
function recorder(): { requests: Request[]; fetch: typeof globalThis.fetch } {
  const requests: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push(new Request(input, init));
    return new Response('{"code":"unimplemented"}', {
      status: 501,
      headers: { "content-type": "application/json" },
    });
  };
  return { requests, fetch };
}

/** callEverything calls each method of each client once and ignores the answers. */
async function callEverything(client: SynchookClient): Promise<void> {
  for (const service of Object.values(client)) {
    for (const method of Object.values<(request: object) => unknown>(service)) {
      await settle(method({}));
    }
  }
}

async function settle(call: unknown): Promise<void> {
  try {
    await (isStream(call) ? call[Symbol.asyncIterator]().next() : call);
  } catch {
    // The recorder answers nothing else than errors.
  }
}

function isStream(call: unknown): call is AsyncIterable<unknown> {
  return typeof call === "object" && call !== null && Symbol.asyncIterator in call;
}

describe("createClient", () => {
  test("offers every method of every service of the contract", async () => {
    const { requests, fetch } = recorder();
    await callEverything(createClient({ baseUrl: "http://synchook.test", apiKey: "sk_1", fetch }));
    const methods = (await contract()).flatMap((service) => service.methods);
    const paths = methods.map((method) => `/${method.parent.typeName}/${method.name}`);
    expect(requests.map((request) => new URL(request.url).pathname).sort()).toEqual(paths.sort());
  });

  test("sends the key and the project with each request, streams included", async () => {
    const { requests, fetch } = recorder();
    await callEverything(
      createClient({ baseUrl: "http://synchook.test", apiKey: "adm", project: "prj_1", fetch }),
    );
    expect(new Set(requests.map((request) => request.headers.get("authorization")))).toEqual(
      new Set(["Bearer adm"]),
    );
    expect(new Set(requests.map((request) => request.headers.get("synchook-project")))).toEqual(
      new Set(["prj_1"]),
    );
  });

  test("names no project when it was told none", async () => {
    const { requests, fetch } = recorder();
    await callEverything(createClient({ baseUrl: "http://synchook.test", apiKey: "sk_1", fetch }));
    expect(requests.some((request) => request.headers.has("synchook-project"))).toBe(false);
  });
});
