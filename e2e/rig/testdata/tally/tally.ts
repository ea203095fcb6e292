interface Payload {
  issue: { number: number };
  repository: { full_name: string };
}

interface Issue {
  id: string;
  number: number;
  title: string;
}

interface Nango {
  get<T>(config: { endpoint: string; retries: number }): Promise<{ data: T }>;
  batchSave(records: Issue[], model: string): Promise<boolean>;
  batchDelete(records: { id: string }[], model: string): Promise<boolean>;
}

/** Adds one record, changes another, and deletes the one that came three events before. */
export async function onWebhookPayloadReceived(nango: Nango, payload: Payload): Promise<void> {
  const { number } = payload.issue;
  const { data } = await nango.get<{ title: string }>({
    endpoint: `/repos/${payload.repository.full_name}/issues/${number}`,
    retries: 3,
  });
  await nango.batchSave([{ id: `issue-${number}`, number, title: data.title }], "Issue");
  await nango.batchSave([{ id: "latest", number, title: data.title }], "Issue");
  if (number > 3) {
    await nango.batchDelete([{ id: `issue-${number - 3}` }], "Issue");
  }
}
