import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { createClient, listAll, problemOf } from "../src/index.js";

/** answering makes a client whose server answers each request so. */
function answering(answer: (request: Record<string, string>) => object, status = 200) {
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const asked =
      request.method === "GET" ? new URL(request.url).searchParams.get("message") : await request.text();
    return new Response(JSON.stringify(answer(JSON.parse(asked || "{}"))), {
      status,
      headers: { "content-type": "application/json" },
    });
  };
  return createClient({ baseUrl: "http://synchook.test", apiKey: "sk_1", fetch });
}

test("A list is read page after page, and no further than it is used.", async () => {
  const asked: string[] = [];
  const synchook = answering(({ pageToken = "0", model }) => {
    asked.push(`${model} ${pageToken}`);
    const from = Number(pageToken);
    const deliveries = [from, from + 1].map((id) => ({ id: String(id) }));
    return { deliveries, nextPageToken: from < 4 ? String(from + 2) : "" };
  });
  const ids: string[] = [];
  for await (const delivery of listAll(synchook.deliveries.listDeliveries, { model: "Issue" })) {
    ids.push(delivery.id);
  }
  expect(ids).toEqual(["0", "1", "2", "3", "4", "5"]);
  expect(asked).toEqual(["Issue 0", "Issue 2", "Issue 4"]);
  for await (const delivery of listAll(synchook.deliveries.listDeliveries, { model: "Issue" })) {
    expect(delivery.id).toBe("0");
    break;
  }
  expect(asked).toHaveLength(4);
});

test("What is not synchook's own error has no reason.", () => {
  expect(problemOf(new Error("mine"))).toEqual({
    code: Code.Unknown,
    reason: "",
    message: "mine",
    help: "",
    violations: [],
  });
  expect(problemOf(new ConnectError("away", Code.Unavailable)).code).toBe(Code.Unavailable);
});
