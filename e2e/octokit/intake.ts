import type { SynchookClient } from "@synchook/client";
import type { Event } from "@synchook/client/gen/event_pb";
import { type GitHubWebhook, secret } from "./payloads.js";

/** Answer is what the raw intake said. */
export interface Answer {
  status: number;
  event_id?: string;
  duplicate?: boolean;
}

/** Intake is the webhook URL of one GitHub integration. */
export interface Intake {
  /** Posts a webhook as it is. */
  post(webhook: GitHubWebhook): Promise<Answer>;
  /** Lists all events that the integration has. */
  events(): Promise<Event[]>;
}

/** openIntake sets GitHub up under a key and gives the URL that GitHub would be told. */
export async function openIntake(
  synchook: SynchookClient,
  baseUrl: string,
  providerConfigKey: string,
): Promise<Intake> {
  const integration = { providerConfigKey, provider: "github", webhookSecrets: [secret] };
  const { webhookPath } = await synchook.integrations.createIntegration({ integration });
  return {
    post: (webhook) => post(new URL(webhookPath, baseUrl), webhook),
    events: () => listEvents(synchook, providerConfigKey),
  };
}

async function listEvents(synchook: SynchookClient, providerConfigKey: string): Promise<Event[]> {
  const all: Event[] = [];
  let pageToken = "";
  do {
    const { events, nextPageToken } = await synchook.events.listEvents({ providerConfigKey, pageToken });
    all.push(...events);
    pageToken = nextPageToken;
  } while (pageToken !== "");
  return all;
}

async function post(url: URL, { headers, body }: GitHubWebhook): Promise<Answer> {
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  return { status: response.status, ...(response.ok && JSON.parse(text)) };
}
