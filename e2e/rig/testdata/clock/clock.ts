interface Nango {
  connectionId: string;
  get<T>(config: { endpoint: string; retries: number }): Promise<{ data: T }>;
  batchSave(records: { id: string; title: string }[], model: string): Promise<boolean>;
}

/** Saves what the API says now, which is never what it said before. */
export default async function fetchData(nango: Nango): Promise<void> {
  const { data } = await nango.get<{ title: string }>({
    endpoint: `/repos/octo/${nango.connectionId}/issues/1`,
    retries: 3,
  });
  await nango.batchSave([{ id: "now", title: data.title }], "Tick");
}
