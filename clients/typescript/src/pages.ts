/**
 * Lists without pages.
 *
 * @module
 */

/** Page is the answer of a list call. */
export interface Page {
  /** The page that comes next. Empty: this was the last one. */
  nextPageToken: string;
}

/** ItemOf is what a list call lists. */
export type ItemOf<P extends Page> = {
  [K in keyof P as K extends `$${string}` ? never : K]-?: P[K] extends (infer Item extends object)[]
    ? Item
    : never;
} extends infer Lists
  ? Lists[keyof Lists]
  : never;

/**
 * listAll returns what a list call lists, one after the other: it asks for a page when the one before is used up.
 *
 * ```ts
 * for await (const run of listAll(synchook.runs.listRuns, { syncName: "github-issues" })) {
 * ```
 */
export async function* listAll<Request extends { pageToken?: string }, P extends Page>(
  list: (request: Request) => Promise<P>,
  request: Request,
): AsyncGenerator<ItemOf<P>, void, undefined> {
  for (let token: string | undefined = request.pageToken; token !== ""; ) {
    const page: P = await list(token === undefined ? request : { ...request, pageToken: token });
    yield* itemsOf(page);
    token = page.nextPageToken;
  }
}

/** itemsOf returns the only list of a page; what begins with a dollar sign is Protobuf-ES's own. */
function itemsOf<P extends Page>(page: P): ItemOf<P>[] {
  for (const [key, value] of Object.entries(page)) {
    if (!key.startsWith("$") && Array.isArray(value)) {
      return value;
    }
  }
  return [];
}
