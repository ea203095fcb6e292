import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isOperational, readWebhook, WebhookVerificationError } from "../src/webhooks.js";

interface Vector {
  name: string;
  secrets: string[];
  headers: Record<string, string>;
  body: string;
  kind: "sync" | "operational" | "";
  error: string;
}

/** The requests that every client judges alike. */
const vectors: { now: number; webhooks: Vector[] } = JSON.parse(
  readFileSync(new URL("../../testdata/webhooks.json", import.meta.url), "utf8"),
);

describe("Each client judges alike", () => {
  test.each(vectors.webhooks)("a webhook $name", async ({ secrets, headers, body, kind, error }) => {
    const options = { now: () => vectors.now * 1000 };
    const read = readWebhook(new TextEncoder().encode(body), headers, secrets, options);
    if (error) {
      await expect(read).rejects.toBeInstanceOf(WebhookVerificationError);
    } else {
      expect(isOperational(await read) ? "operational" : "sync").toBe(kind);
    }
  });
});
