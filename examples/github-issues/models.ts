/** GithubIssue is the record that the sync keeps. */
export interface GithubIssue {
  id: string;
  number: number;
  title: string;
  state: string;
  author: string;
  comments: GithubComment[];
  url: string;
  updated_at: string;
}

/** GithubComment is a comment on an issue. */
export interface GithubComment {
  author: string;
  body: string;
}

/** ApiIssue is an issue as GitHub's API and webhooks write it, as far as it is read here. */
export interface ApiIssue {
  id: number;
  number: number;
  title: string;
  state: string;
  user: ApiUser | null;
  comments: number;
  html_url: string;
  updated_at: string;
  /** Only there when the issue is a pull request. */
  pull_request?: object;
}

/** ApiComment is a comment as GitHub's API writes it. */
export interface ApiComment {
  user: ApiUser | null;
  body: string;
}

/** ApiUser is a person or a bot; null where the account is gone. */
export interface ApiUser {
  login: string;
}

/** IssuesPayload is the payload of GitHub's `issues` webhooks. */
export interface IssuesPayload {
  action: string;
  issue: ApiIssue;
  repository: { full_name: string };
}

/** Metadata is what the app keeps with a connection: the repositories to poll, as "owner/name". */
export interface Metadata {
  repos?: string[];
}

/** ProxyConfig describes a request to the external API. */
export interface ProxyConfig {
  endpoint: string;
  params?: Record<string, string | number | undefined>;
  retries?: number;
}

/** ProxyResponse is the answer to such a request. */
export interface ProxyResponse<T> {
  data: T;
  status: number;
  headers: Record<string, string>;
}

/** NangoSync is what a script is called with, as far as it is used here. */
export interface NangoSync {
  lastSyncDate?: Date;
  get<T>(config: ProxyConfig): Promise<ProxyResponse<T>>;
  getMetadata<T>(): Promise<T>;
  batchSave<T extends { id: string }>(records: T[], model: string): Promise<boolean>;
  batchDelete<T extends { id: string }>(records: T[], model: string): Promise<boolean>;
  log(message: string, ...args: unknown[]): Promise<void>;
}
