import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import {
  isOperational,
  type NangoSyncWebhookBody,
  type OperationalWebhookBody,
  readWebhook,
  type VerifyOptions,
  verifySignature,
  verifyWebhook,
  type WebhookHeaders,
  WebhookVerificationError,
} from "../src/webhooks.js";

const former = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const current = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const sentAt = 1_700_000_000;
const body: NangoSyncWebhookBody = {
  connectionId: "user-1",
  providerConfigKey: "github",
  syncName: "github-issues",
  model: "GithubIssue",
  responseResults: { GithubIssue: { added: 1, updated: 0, deleted: 0 } },
  syncType: "INCREMENTAL",
  queryTimeStamp: "2023-05-31T11:46:13.390Z",
};
const raw = JSON.stringify(body);

/** send signs as the Standard Webhooks library does, with one entry for each secret. */
function send(rawBody: string, ...secrets: string[]): Record<string, string> {
  const signatures = secrets.map((secret) =>
    new Webhook(secret).sign("dlv_1", new Date(sentAt * 1000), rawBody),
  );
  return {
    "webhook-id": "dlv_1",
    "webhook-timestamp": String(sentAt),
    "webhook-signature": signatures.join(" "),
  };
}

function clock(seconds: number): VerifyOptions {
  return { now: () => seconds * 1000 };
}

async function refusal(headers: WebhookHeaders, rawBody = raw, options = clock(sentAt)): Promise<string> {
  const error: unknown = await verifyWebhook(rawBody, headers, former, options).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebhookVerificationError);
  return (error as WebhookVerificationError).message;
}

describe("verifySignature", () => {
  const vector = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };

  test("accepts the vector of the Standard Webhooks specification", async () => {
    await verifySignature('{"test": 2432232314}', vector, former, clock(1_614_265_330));
  });

  test("refuses the vector with one more space in the body", async () => {
    const verified = verifySignature('{"test":  2432232314}', vector, former, clock(1_614_265_330));
    await expect(verified).rejects.toThrow(WebhookVerificationError);
  });
});

describe("verifyWebhook accepts", () => {
  test("what the Standard Webhooks library signed, and returns the typed body", async () => {
    expect(await verifyWebhook(raw, send(raw, former), former, clock(sentAt))).toEqual(body);
  });

  test("the body's bytes, in any script", async () => {
    const text = JSON.stringify({ ...body, connectionId: "Zoë 東京 🎈" });
    const verified = await verifyWebhook(
      new TextEncoder().encode(text),
      send(text, former),
      former,
      clock(sentAt),
    );
    expect(verified.connectionId).toBe("Zoë 東京 🎈");
  });

  test("a null queryTimeStamp of an initial run", async () => {
    const text = JSON.stringify({ ...body, syncType: "INITIAL", queryTimeStamp: null });
    expect((await verifyWebhook(text, send(text, former), former, clock(sentAt))).queryTimeStamp).toBeNull();
  });

  test.each([
    ["the receiver has the former secret only", [former]],
    ["the receiver has the current secret only", [current]],
    ["the receiver has both", [current, former]],
  ])("both signatures of a rotation when %s", async (_, secrets) => {
    expect(await verifyWebhook(raw, send(raw, current, former), secrets, clock(sentAt))).toEqual(body);
  });

  test.each([
    ["a Headers object", (headers: Record<string, string>) => new Headers(headers)],
    [
      "arrays of values",
      (headers: Record<string, string>) => mapEntries(headers, (key, value) => [key, [value]]),
    ],
    [
      "names in capitals",
      (headers: Record<string, string>) => mapEntries(headers, (key, value) => [key.toUpperCase(), value]),
    ],
  ])("headers as %s", async (_, convert) => {
    expect(await verifyWebhook(raw, convert(send(raw, former)), former, clock(sentAt))).toEqual(body);
  });

  test.each([sentAt - 300, sentAt + 300])(
    "a timestamp at the edge of the tolerance, read at %d",
    async (now) => {
      expect(await verifyWebhook(raw, send(raw, former), former, clock(now))).toEqual(body);
    },
  );

  test("an older webhook when the tolerance says so", async () => {
    const options = { ...clock(sentAt + 3600), toleranceSeconds: 3600 };
    expect(await verifyWebhook(raw, send(raw, former), former, options)).toEqual(body);
  });
});

describe("verifyWebhook refuses", () => {
  test.each(["webhook-id", "webhook-timestamp", "webhook-signature"])(
    "a request without %s",
    async (name) => {
      const { [name]: _, ...headers } = send(raw, former);
      expect(await refusal(headers)).toBe(`The header ${name} is missing.`);
    },
  );

  test("a stale webhook", async () => {
    expect(await refusal(send(raw, former), raw, clock(sentAt + 301))).toContain(
      "stale: it was sent 301 s ago",
    );
  });

  test("a webhook from the future", async () => {
    expect(await refusal(send(raw, former), raw, clock(sentAt - 301))).toContain("301 s ahead");
  });

  test.each(["soon", "1e9", "-1", "1700000000.5"])("the timestamp %s", async (timestamp) => {
    expect(await refusal({ ...send(raw, former), "webhook-timestamp": timestamp })).toContain(
      "not in seconds",
    );
  });

  test("a body with any one byte changed", async () => {
    for (let index = 0; index < raw.length; index++) {
      const tampered = `${raw.slice(0, index)}\u0001${raw.slice(index + 1)}`;
      expect(await refusal(send(raw, former), tampered)).toContain("No signature matches");
    }
  });

  test.each(["webhook-id", "webhook-timestamp"])("another %s than the signed one", async (name) => {
    const headers = send(raw, former);
    expect(
      await refusal({ ...headers, [name]: name === "webhook-id" ? "dlv_2" : String(sentAt + 1) }),
    ).toContain("No signature matches");
  });

  test.each(["v1,", "v1", "v1,####", "v2,AAAA", " ", "v1a,AAAA"])(
    "the signature header %j",
    async (signature) => {
      expect(await refusal({ ...send(raw, former), "webhook-signature": signature })).toContain(
        "No signature matches",
      );
    },
  );

  test("a signature by another secret", async () => {
    expect(await refusal(send(raw, current))).toContain("No signature matches");
  });

  test("everything when it is given no secret", async () => {
    const verified = verifyWebhook(raw, send(raw, former), [], clock(sentAt));
    await expect(verified).rejects.toThrow("No signature matches");
  });

  test.each(["", "whsec_", "whsec_##", "secret"])("to work with the secret %j", async (secret) => {
    const verified = verifyWebhook(raw, send(raw, former), secret, clock(sentAt));
    await expect(verified).rejects.toThrow('A signing secret is "whsec_" and base64');
  });

  test.each(["not JSON", "null", "[]", '"text"', "{}", JSON.stringify({ ...body, syncType: "FULL" })])(
    "a signed body that is no sync's: %s",
    async (text) => {
      expect(await refusal(send(text, former), text)).toContain("The signature is right");
    },
  );
});

const onSync = {
  connectionId: "user-1",
  providerConfigKey: "github",
  syncName: "github-issues",
  runId: "run_1",
};
const endpoint = { endpointId: "end_1", url: "https://app.example/hook" };
const timestamp = "2023-05-31T11:46:13.390Z";
const operational: OperationalWebhookBody[] = [
  { type: "sync.failed", timestamp, data: { ...onSync, attempts: 3, error: "boom" } },
  { type: "sync.recovered", timestamp, data: onSync },
  { type: "connection.refused", timestamp, data: { ...onSync, lastStatus: 401, reason: "refused" } },
  { type: "endpoint.disabled", timestamp, data: { ...endpoint, reason: "it answered 410" } },
  { type: "endpoint.recovered", timestamp, data: endpoint },
  {
    type: "delivery.exhausted",
    timestamp,
    data: {
      deliveryId: "dlv_9",
      ...endpoint,
      ...onSync,
      model: "GithubIssue",
      attempts: 13,
      lastStatus: 0,
      reason: "all failed",
    },
  },
];

/** summary is what an app can say of a webhook without a cast. */
function summary(webhook: NangoSyncWebhookBody | OperationalWebhookBody): string {
  if (!isOperational(webhook)) {
    return `${webhook.model} changed`;
  }
  switch (webhook.type) {
    case "sync.failed":
      return `${webhook.data.syncName} failed: ${webhook.data.error}`;
    case "sync.recovered":
      return `${webhook.data.syncName} recovered`;
    case "connection.refused":
      return `${webhook.data.connectionId} was answered ${webhook.data.lastStatus}`;
    case "endpoint.disabled":
      return `${webhook.data.url} is disabled: ${webhook.data.reason}`;
    case "endpoint.recovered":
      return `${webhook.data.endpointId} recovered`;
    case "delivery.exhausted":
      return `${webhook.data.deliveryId} was given up after ${webhook.data.attempts} attempts`;
  }
}

describe("readWebhook", () => {
  test("reads webhooks of both kinds, and tells them apart", async () => {
    const said: string[] = [];
    for (const webhook of [body, ...operational]) {
      const text = JSON.stringify(webhook);
      const read = await readWebhook(text, send(text, former), former, clock(sentAt));
      expect(read).toEqual(webhook);
      said.push(summary(read));
    }
    expect(said).toEqual([
      "GithubIssue changed",
      "github-issues failed: boom",
      "github-issues recovered",
      "user-1 was answered 401",
      "https://app.example/hook is disabled: it answered 410",
      "end_1 recovered",
      "dlv_9 was given up after 13 attempts",
    ]);
  });

  test("takes a type of a later version for an operational one", async () => {
    const text = JSON.stringify({ type: "of.tomorrow", timestamp, data: {} });
    expect(isOperational(await readWebhook(text, send(text, former), former, clock(sentAt)))).toBe(true);
  });

  test.each([
    { type: 1, timestamp, data: {} },
    { type: "sync.failed", data: {} },
    { type: "sync.failed", timestamp },
    { ...body, type: null },
  ])("refuses %j", async (webhook) => {
    const text = JSON.stringify(webhook);
    const read = readWebhook(text, send(text, former), former, clock(sentAt));
    await expect(read).rejects.toThrow("the body is not that of a webhook");
  });

  test("refuses what is not signed", async () => {
    const text = JSON.stringify(operational[0]);
    await expect(readWebhook(text, send(text, current), former, clock(sentAt))).rejects.toThrow(
      "No signature matches",
    );
  });

  test("is what verifyWebhook tells an app to use for an operational webhook", async () => {
    const text = JSON.stringify(operational[0]);
    expect(await refusal(send(text, former), text)).toContain("read it with readWebhook");
  });
});

function mapEntries<Value>(
  headers: Record<string, string>,
  convert: (key: string, value: string) => [string, Value],
): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).map(([key, value]) => convert(key, value)));
}
