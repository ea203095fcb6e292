import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

/** Paged is a list that is read page by page. */
export interface Paged<Row> {
  rows: Row[];
  /** Whether nothing was read yet. */
  loading: boolean;
  /** Whether a next page is being read. */
  loadingMore: boolean;
  /** Whether more rows follow. */
  more: boolean;
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
 * usePages reads a List method page by page. The filters are the request without its page token; when they change, the
 * former rows stay until the new ones are there, so that nothing jumps.
 */
export function usePages<I extends DescMessage, O extends DescMessage, Row>(
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  { rows, every }: PagedOptions<MessageShape<O>, Row>,
): Paged<Row> {
  const transport = useTransport();
  const query = useInfiniteQuery({
    queryKey: [
      ...createConnectQueryKey({ schema: method, input: request, transport, cardinality: "finite" }),
      "pages",
    ],
    queryFn: ({ pageParam, signal }) =>
      callUnaryMethod(transport, method, { ...request, pageToken: pageParam } as MessageInitShape<I>, {
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: nextToken,
    placeholderData: keepPreviousData,
    ...(every !== undefined && { refetchInterval: every }),
  });
  return {
    rows: query.data?.pages.flatMap((page) => rows(page)) ?? [],
    loading: query.isPending,
    loadingMore: query.isFetchingNextPage,
    more: query.hasNextPage,
    loadMore: () => void query.fetchNextPage(),
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
    loadMore: () => undefined,
    error: query.error,
    stale: false,
  };
}

function nextToken(page: object): string | undefined {
  return "nextPageToken" in page && page.nextPageToken ? String(page.nextPageToken) : undefined;
}
