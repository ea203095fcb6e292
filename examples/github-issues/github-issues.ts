import type { ApiComment, ApiIssue, GithubIssue, IssuesPayload, Metadata, NangoSync } from './models';

/** Saves the issue that a webhook tells of, or deletes it. */
export async function onWebhookPayloadReceived(nango: NangoSync, payload: IssuesPayload): Promise<void> {
  const { action, issue, repository } = payload;
  await nango.log(`${repository.full_name}#${issue.number} was ${action}`);
  if (action === 'deleted' || action === 'transferred') {
    await nango.batchDelete([{ id: String(issue.id) }], 'GithubIssue');
    return;
  }
  await nango.batchSave([await toRecord(nango, repository.full_name, issue)], 'GithubIssue');
}

/** Saves what has changed in the connection's repositories since the last time. */
export default async function fetchData(nango: NangoSync): Promise<void> {
  const { repos = [] } = await nango.getMetadata<Metadata>();
  if (repos.length === 0) {
    await nango.log("The connection's metadata names no repos, so there is nothing to poll.", { level: 'warn' });
  }
  for (const repo of repos) {
    const since = nango.lastSyncDate?.toISOString();
    for await (const issues of pages<ApiIssue>(nango, `/repos/${repo}/issues`, { state: 'all', since })) {
      await saveIssues(nango, repo, issues);
    }
  }
}

/** Saves a page of issues. GitHub lists pull requests among them. */
async function saveIssues(nango: NangoSync, repo: string, issues: ApiIssue[]): Promise<void> {
  const records: GithubIssue[] = [];
  for (const issue of issues.filter((one) => one.pull_request === undefined)) {
    records.push(await toRecord(nango, repo, issue));
  }
  await nango.batchSave(records, 'GithubIssue');
}

/** The record of an issue. Its comments are a request of their own. */
async function toRecord(nango: NangoSync, repo: string, issue: ApiIssue): Promise<GithubIssue> {
  const comments: GithubIssue['comments'] = [];
  for await (const page of pages<ApiComment>(nango, `/repos/${repo}/issues/${issue.number}/comments`)) {
    comments.push(...page.map((comment) => ({ author: comment.user?.login ?? 'ghost', body: comment.body })));
  }
  return {
    id: String(issue.id),
    number: issue.number,
    title: issue.title,
    state: issue.state,
    author: issue.user?.login ?? 'ghost',
    comments,
    url: issue.html_url,
    updated_at: issue.updated_at,
  };
}

/** The pages of a list, one after the other, until GitHub links to no next one. */
async function* pages<T>(nango: NangoSync, endpoint: string, params: Record<string, string | undefined> = {}): AsyncGenerator<T[]> {
  for (let page = 1; ; page++) {
    const response = await nango.get<T[]>({ endpoint, params: { ...params, per_page: 100, page }, retries: 5 });
    yield response.data;
    if (!response.headers['link']?.includes('rel="next"')) return;
  }
}
