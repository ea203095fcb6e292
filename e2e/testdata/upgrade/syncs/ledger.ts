interface Payload {
  issue: { number: number };
  repository: { full_name: string };
}

interface Row {
  id: string;
  number?: number;
  title: string;
}

interface Nango {
  get<T>(config: { endpoint: string }): Promise<{ data: T }>;
  batchSave(records: Row[], model: string): Promise<boolean>;
  batchDelete(records: { id: string }[], model: string): Promise<boolean>;
  log(message: string): Promise<void>;
}

/** Saves before it asks, so that a run whose request fails has changed something already. */
export async function onWebhookPayloadReceived(nango: Nango, payload: Payload): Promise<void> {
  const { number } = payload.issue;
  await nango.log(`issue ${number}`);
  await nango.batchSave([{ id: `issue-${number}`, number, title: "not known yet" }], "Issue");
  const { data } = await nango.get<{ title: string }>({
    endpoint: `/repos/${payload.repository.full_name}/issues/${number}`,
  });
  await nango.batchSave([{ id: `issue-${number}`, number, title: data.title }], "Issue");
  await nango.batchSave([{ id: "latest", number, title: data.title }], "Issue");
  if (number > 3) {
    await nango.batchDelete([{ id: `issue-${number - 3}` }], "Issue");
  }
}

export default async function fetchData(nango: Nango): Promise<void> {
  const { data } = await nango.get<{ title: string }>({ endpoint: "/repos/octo/all/issues/0" });
  await nango.batchSave([{ id: "total", title: data.title }], "Total");
}
