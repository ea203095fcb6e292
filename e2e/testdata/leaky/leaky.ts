interface Payload {
  issue: { number: number };
  repository: { full_name: string };
}

interface Nango {
  get<T>(config: { endpoint: string; params?: Record<string, string> }): Promise<{ data: T }>;
  getConnection(): Promise<unknown>;
  log(message: string): Promise<void>;
  batchSave(records: { id: string; number: number; title: string }[], model: string): Promise<boolean>;
}

/** Logs its connection and what the API answers, and asks with a secret in the query. */
export async function onWebhookPayloadReceived(nango: Nango, payload: Payload): Promise<void> {
  const { number } = payload.issue;
  await nango.log(`the connection is ${JSON.stringify(await nango.getConnection())}`);
  const { data } = await nango.get<{ title: string }>({
    endpoint: `/repos/${payload.repository.full_name}/issues/${number}`,
    params: { api_key: "the-secret-in-the-query" },
  });
  await nango.log(`the answer is ${JSON.stringify(data)}`);
  await nango.batchSave([{ id: String(number), number, title: "a title" }], "Issue");
}
