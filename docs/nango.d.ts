/**
 * The types of what a sync script is called with. Put this file beside your scripts, and
 * `import type { NangoSync } from 'nango'` has them.
 */
declare module 'nango' {
  /** What a script is called with. */
  export interface NangoSync {
    /** The connection that the run is for, as your app named it. */
    readonly connectionId: string;
    /** The name of the integration, such as "github". */
    readonly providerConfigKey: string;
    /** The provider of the integration: "github" or "standard-webhooks". */
    readonly provider: string;
    /** The ID of the sync, "syn_...". */
    readonly syncId: string;
    /** The ID of the run, "run_...". */
    readonly syncJobId: string;
    /** The name of the sync. */
    readonly syncName: string;
    /** When the script of the last succeeded scheduled or manual run began. Unset until one has succeeded; runs of webhooks never move it. */
    readonly lastSyncDate?: Date;
    /** Always "prod". */
    readonly environmentName: string;
    /** Always "base". */
    readonly variant: string;
    /** Always "sync". */
    readonly scriptType: string;
    /** Whether records that a scheduled or manual run does not save again are deleted after it. */
    readonly track_deletes: boolean;
    /** The webhook that triggered the run. Unset in scheduled and manual runs. */
    readonly webhook?: Webhook;
    /** The class of errors whose payload is for whoever reads the run: `throw new nango.ActionError({ message: '...' })`. */
    readonly ActionError: new (payload: { message?: string; [key: string]: unknown }) => Error;

    /** Makes a request to the external API with the connection's credentials. Any answer but 2xx rejects with an error that has `response`. */
    proxy<T = unknown>(config: ProxyConfiguration): Promise<ProxyResponse<T>>;
    /** A GET request. */
    get<T = unknown>(config: ProxyConfiguration): Promise<ProxyResponse<T>>;
    /** A POST request. */
    post<T = unknown>(config: ProxyConfiguration): Promise<ProxyResponse<T>>;
    /** A PUT request. */
    put<T = unknown>(config: ProxyConfiguration): Promise<ProxyResponse<T>>;
    /** A PATCH request. */
    patch<T = unknown>(config: ProxyConfiguration): Promise<ProxyResponse<T>>;
    /** A DELETE request. */
    delete<T = unknown>(config: ProxyConfiguration): Promise<ProxyResponse<T>>;
    /** Yields the items of each page of a list, one page after the other, as `paginate` of the configuration says. */
    paginate<T = unknown>(config: ProxyConfiguration): AsyncGenerator<T[], undefined, void>;

    /** Saves records of a model: new ones are added, those with other content are updated, and the same content changes nothing. A deleted one is added again. */
    batchSave<T extends RecordToSave>(records: T[], model: string): Promise<boolean>;
    /** The former name of batchSave. */
    batchSend<T extends RecordToSave>(records: T[], model: string): Promise<boolean>;
    /** Merges parts into records that are stored: objects deeply, lists as a whole. IDs that are not stored are left out. */
    batchUpdate<T extends RecordToSave>(records: T[], model: string): Promise<boolean>;
    /** Deletes records by their `id`. Their last content is kept and shown as deleted. */
    batchDelete<T extends RecordToSave>(records: T[], model: string): Promise<boolean>;

    /** The connection with its metadata, connection_config and credentials. */
    getConnection(): Promise<Connection>;
    /** What your app and your scripts keep with the connection. */
    getMetadata<T = Metadata>(): Promise<T>;
    /** Replaces the metadata as a whole. */
    setMetadata(metadata: Metadata): Promise<void>;
    /** Replaces the given keys of the metadata and leaves the others. */
    updateMetadata(metadata: Metadata): Promise<void>;

    /** Writes a line to the run's log. A last argument that is only a level sets it: `{ level: 'warn' }`. */
    log(message: string, ...values: unknown[]): Promise<void>;
  }

  /** What a record needs: an ID that is the same each time it is saved, of at most 255 bytes. */
  export interface RecordToSave {
    /** A number is kept as the text that JSON writes. */
    id: string | number;
  }

  /** A webhook as it came. Its parsed body is the second argument of the script. */
  export interface Webhook {
    /** What happened, in the provider's words, such as "issues.opened". */
    type: string;
    /** The headers, with names in lower case. */
    headers: { [name: string]: string };
  }

  /** What your app keeps with a connection: any JSON object. */
  export interface Metadata {
    /** A value of your choice. */
    [key: string]: unknown;
  }

  /** A connection as scripts see it. */
  export interface Connection {
    /** Its name, as your app chose it. */
    connection_id: string;
    /** The name of the integration. */
    provider_config_key: string;
    /** The provider of the integration. */
    provider: string;
    /** What your app and your scripts keep with it. */
    metadata: Metadata | null;
    /** What identifies the account at the provider, such as an installation's ID. */
    connection_config: { [key: string]: unknown } | null;
    /** When it was made, in ISO 8601. */
    created_at: string;
    /** When it was last changed, in ISO 8601. */
    updated_at: string;
    /** The credentials that requests go with: a token as `apiKey` (and `access_token`), or `username` and `password`. */
    credentials: { type: string; apiKey?: string; access_token?: string; username?: string; password?: string };
  }

  /** A request to the external API. */
  export interface ProxyConfiguration {
    /** A path below the integration's base URL, or a whole URL. On another host the request goes without credentials. */
    endpoint: string;
    /** The HTTP method, for `proxy` alone. Unset: GET. */
    method?: string;
    /** Further headers. */
    headers?: { [name: string]: string | number | undefined };
    /** The query, as text or by name; a list repeats its name, and what is undefined is left out. */
    params?: string | { [name: string]: unknown } | undefined;
    /** The body: text as it is, bytes, a form (URLSearchParams), and anything else as JSON. */
    data?: unknown;
    /** How many more attempts follow a network error, a 429, a 5xx or a status of retryOn. Unset: none. */
    retries?: number;
    /** More statuses that are worth another attempt. */
    retryOn?: number[] | null;
    /** The API's own headers that say when to come back: `at` in seconds since 1970, `after` in seconds. Retry-After is known. */
    retryHeader?: { at?: string; after?: string };
    /** A base URL for this request. On another host it goes without credentials. */
    baseUrlOverride?: string | null;
    /** What `data` of the response is. Unset: JSON, or text where it is none. */
    responseType?: 'json' | 'text' | 'arraybuffer';
    /** How the pages of the list follow each other, for `paginate` alone. */
    paginate?: CursorPagination | LinkPagination | OffsetPagination;
  }

  /** The answer to a request, as Axios has it. */
  export interface ProxyResponse<T = unknown> {
    /** The body: parsed JSON, text, or a Uint8Array, as responseType says. */
    data: T;
    /** The HTTP status, which is 2xx. */
    status: number;
    /** Its text, such as "OK". */
    statusText: string;
    /** The headers, with names in lower case. */
    headers: { [name: string]: string };
    /** The request. */
    config: ProxyConfiguration;
  }

  /** What all ways of paging have. */
  export interface Pagination {
    /** How many items a page should have. */
    limit?: number | string;
    /** The parameter that says so. */
    limit_name_in_request?: string;
    /** Where the list is in the response, such as "data.items". Unset: the response is the list. */
    response_path?: string;
    /** Whether parameters go into the body. False: into the query. */
    in_body?: boolean;
    /** Called after each page, with what asks for the next one. */
    on_page?: (page: { nextPageParam?: unknown; response: ProxyResponse }) => Promise<void>;
  }

  /** Pages that name the next one by a cursor. The last one has none, a blank one or one that came before, or is empty. */
  export interface CursorPagination extends Pagination {
    /** This way. */
    type: 'cursor';
    /** Where the cursor is in the response, such as "meta.next". */
    cursor_path_in_response: string;
    /** The parameter that takes it. */
    cursor_name_in_request: string;
  }

  /** Pages that link to the next one, in the header Link or in the body. */
  export interface LinkPagination extends Pagination {
    /** This way. */
    type: 'link';
    /** The relation in the header Link, mostly "next". */
    link_rel_in_response_header?: string;
    /** Where the link is in the response's body. */
    link_path_in_response_body?: string;
  }

  /** Pages that are counted. The last one is empty, or has fewer items than `limit`. */
  export interface OffsetPagination extends Pagination {
    /** This way. */
    type: 'offset';
    /** The parameter that takes the offset. */
    offset_name_in_request: string;
    /** The first offset. Unset: 0. */
    offset_start_value?: number;
    /** Whether it counts items or pages. Unset: "by-response-size", items. */
    offset_calculation_method?: 'by-response-size' | 'per-page';
  }
}
