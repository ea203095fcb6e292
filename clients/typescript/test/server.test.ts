import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CredentialsKind } from "../src/gen/synchook/v1/connection_pb.js";
import { ProblemSchema } from "../src/gen/synchook/v1/error_pb.js";
import { Code, ConnectError, createClient, listAll, problemOf, type SynchookClient } from "../src/index.js";
import { createNodeClient } from "../src/node.js";
import { type Dev, startDev } from "./dev.js";

let dev: Dev;

beforeAll(async () => {
  dev = await startDev();
});

afterAll(() => dev?.stop());

const transports: [string, () => SynchookClient][] = [
  ["fetch", () => createClient({ baseUrl: dev.url, apiKey: dev.api_key })],
  ["Node's HTTP/2", () => createNodeClient({ baseUrl: dev.url, apiKey: dev.api_key })],
];

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  return ConnectError.from(await call.catch((reason: unknown) => reason));
}

describe.each(transports)("A real synchook, over %s,", (_, connect) => {
  test("takes the webhook URL and gives it back", async () => {
    const { projects } = connect();
    const settings = { webhookUrl: "https://app.example/hook" };
    const updated = await projects.updateProjectSettings({
      settings,
      updateMask: { paths: ["webhook_url"] },
    });
    expect(updated.webhookUrl).toBe("https://app.example/hook");
    expect((await projects.getProjectSettings({})).webhookUrl).toBe("https://app.example/hook");
    expect((await projects.getProject({})).id).toBe(dev.project_id);
  });

  test("says which field is wrong, and what to do", async () => {
    const { endpoints, deliveries } = connect();
    const refused: unknown = await endpoints
      .createEndpoint({ endpoint: { name: "x".repeat(200) } })
      .catch((e) => e);
    const { code, violations } = problemOf(refused);
    expect([code, violations.map(({ field }) => field)]).toEqual([Code.InvalidArgument, ["endpoint.name"]]);
    const missing: unknown = await deliveries.getDelivery({ id: "dlv_none" }).catch((e) => e);
    expect(problemOf(missing)).toMatchObject({ code: Code.NotFound, reason: "delivery_not_found" });
  });

  test("lists page after page", async () => {
    const { endpoints } = connect();
    const urls = [1, 2, 3, 4].map((n) => `https://app.example/${n}`);
    for (const url of urls) {
      await endpoints.createEndpoint({ endpoint: { url } });
    }
    const found: string[] = [];
    for await (const { id, url } of listAll(endpoints.listEndpoints, { pageSize: 2 })) {
      if (urls.includes(url)) {
        found.push(url);
        await endpoints.deleteEndpoint({ id });
      }
    }
    expect(found).toEqual(urls);
  });

  test("keeps an integration and a connection, without their secrets", async () => {
    const { integrations, connections } = connect();
    const key = { providerConfigKey: "gh" };
    await integrations.createIntegration({
      integration: { ...key, provider: "github", webhookSecrets: ["s"] },
    });
    const integration = await integrations.getIntegration(key);
    expect([integration.provider, integration.webhookSecrets, integration.webhookSecretCount]).toEqual([
      "github",
      [],
      1,
    ]);

    const name = { ...key, connectionId: "user-1" };
    const credentials = { kind: { case: "bearerToken", value: "token" } } as const;
    await connections.createConnection({ connection: { ...name, credentials, metadata: { plan: "pro" } } });
    const connection = await connections.getConnection(name);
    expect([connection.credentials, connection.credentialsKind]).toEqual([undefined, CredentialsKind.BEARER]);
    expect(connection.metadata).toEqual({ plan: "pro" });

    await connections.deleteConnection(name);
    await integrations.deleteIntegration(key);
  });

  test("answers a bad URL with an error that names the field", async () => {
    const request = { settings: { webhookUrl: "no URL" }, updateMask: { paths: ["webhook_url"] } };
    const error = await errorOf(connect().projects.updateProjectSettings(request));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.message).toContain("webhook_url");
    expect(error.details).not.toEqual([]);
  });

  test("answers an unknown name with a problem that says what to do", async () => {
    const error = await errorOf(connect().integrations.getIntegration({ providerConfigKey: "nobody" }));
    expect(error.code).toBe(Code.NotFound);
    const [problem] = error.findDetails(ProblemSchema);
    expect(problem).toMatchObject({ reason: "integration_not_found", subject: "nobody" });
    expect(problem?.help).not.toBe("");
  });

  test("refuses a wrong key", async () => {
    const error = await errorOf(
      createClient({ baseUrl: dev.url, apiKey: "sk_wrong" }).projects.getProject({}),
    );
    expect(error.code).toBe(Code.Unauthenticated);
  });
});
