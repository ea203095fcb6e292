import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { type InfiniteData, keepPreviousData, type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

/** Paged is a list that is read page by page. */
export interface Paged<Row> {
  rows: Row[];
  /** Whether nothing was read yet. */
  loading: boolean;
  /** Whether a next page is being read. */
  loadingMore: boolean;
  /** Whether more rows may follow. */
  more: boolean;
  /** Whether rows are looked for further back, because the filters let few of those through that were looked at. */
  searching: boolean;
  loadMore(): void;
  error: unknown;
  /** Whether the rows are those of a former question, shown until the answer to this one comes. */
  stale: boolean;
}

/** PagedOptions say how a list is read. */
export interface PagedOptions<Answer, Row> {
  /** Takes the rows out of one answer. */
  rows: (page: Answer) => Row[];
  /** How often the list is read anew, in milliseconds. Unset: when something changed, or the window comes back. */
  every?: number;
}

/**
 * How many rows are looked for without being asked to, how long at once, in milliseconds, before what was found is shown,
 * and how often. The server looks at about 1,000 rows for a page.
 */
const screenful = 20;
const searchStep = 250;
const searchSteps = 40;

/** readOn reads pages from a token on until one has rows, none follows, or it is time to show how far it came. */
async function readOn<Page extends object>(
  read: (token: string) => Promise<Page>,
  token: string,
  hasRows: (page: Page) => boolean,
): Promise<Page> {
  const end = performance.now() + searchStep;
  let page = await read(token);
  for (
    let next = nextToken(page);
    next && !hasRows(page) && performance.now() < end;
    next = nextToken(page)
  ) {
    page = await read(next);
  }
  return page;
}

/**
 * usePages reads a List method page by page, and goes on by itself while a filter leaves less than a screen is full of. The
 * filters are the request without its page token; when they change, the former rows stay until the new ones are there, so
 * that nothing jumps.
 */
export function usePages<I extends DescMessage, O extends DescMessage, Row>(
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  { rows, every }: PagedOptions<MessageShape<O>, Row>,
): Paged<Row> {
  const transport = useTransport();
  const query = useInfiniteQuery<MessageShape<O>, Error, InfiniteData<MessageShape<O>>, QueryKey, string>({
    queryKey: [
      ...createConnectQueryKey({ schema: method, input: request, transport, cardinality: "finite" }),
      "pages",
    ],
    queryFn: ({ pageParam, signal }) => {
      const read = (pageToken: string): Promise<MessageShape<O>> =>
        callUnaryMethod(transport, method, { ...request, pageToken } as MessageInitShape<I>, { signal });
      // The first answer is shown whatever it has.
      return pageParam ? readOn(read, pageParam, (page) => rows(page).length > 0) : read(pageParam);
    },
    initialPageParam: "",
    getNextPageParam: nextToken,
    placeholderData: keepPreviousData,
    // All pages are read anew at once: the more there are, the rarer.
    ...(every !== undefined && { refetchInterval: ({ state }) => every * (state.data?.pages.length ?? 1) }),
  });
  const pages = query.data?.pages ?? [];
  const found = pages.flatMap((page) => rows(page));
  const [searchUpTo, setSearchUpTo] = useState(searchSteps);
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  const searching = hasNextPage && !isError && found.length < screenful && pages.length < searchUpTo;
  useEffect(() => {
    if (searching && !isFetching) {
      void fetchNextPage();
    }
  }, [searching, isFetching, fetchNextPage]);
  return {
    rows: found,
    loading: query.isPending,
    loadingMore: query.isFetchingNextPage,
    more: query.hasNextPage,
    searching,
    loadMore: () => {
      setSearchUpTo(pages.length + searchSteps);
      void query.fetchNextPage();
    },
    error: query.error,
    stale: query.isPlaceholderData,
  };
}

/** whole is a list that one answer holds altogether. */
export function whole<Answer, Row>(
  query: { data: Answer | undefined; isPending: boolean; error: unknown },
  rows: (answer: Answer) => Row[],
): Paged<Row> {
  return {
    rows: query.data === undefined ? [] : rows(query.data),
    loading: query.isPending,
    loadingMore: false,
    more: false,
    searching: false,
    loadMore: () => undefined,
    error: query.error,
    stale: false,
  };
}

function nextToken(page: object): string | undefined {
  return "nextPageToken" in page && page.nextPageToken ? String(page.nextPageToken) : undefined;
}
