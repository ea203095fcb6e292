import type { ReactNode } from "react";
import { FaultNote, Skeleton } from "./note.js";

/** Asked is what a query says about its answer; connect-query's useQuery returns one. */
export interface Asked<Answer> {
  data: Answer | undefined;
  error: unknown;
  refetch(): unknown;
}

interface AwaitProps<Answer> {
  query: Asked<Answer>;
  /** What takes the answer's room until it comes. Unset: one line. */
  meanwhile?: ReactNode;
  children: (answer: Answer) => ReactNode;
}

/** Await shows an answer when it is there, what takes its room until then, or why it does not come. */
export function Await<Answer>({ query, meanwhile, children }: AwaitProps<Answer>) {
  if (query.data !== undefined) {
    return children(query.data);
  }
  if (query.error) {
    return <FaultNote error={query.error} retry={() => void query.refetch()} />;
  }
  return <div aria-busy="true">{meanwhile ?? <Skeleton width="40%" />}</div>;
}
