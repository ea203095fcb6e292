import { useQuery } from "@connectrpc/connect-query";
import { EndpointService } from "@synchook/client/gen/endpoint_pb";

/** Found is something that the command palette can go to. */
export interface Found {
  /** What people call it; empty: it has an ID only. */
  name: string;
  id: string;
  path: string;
}

/** Source gives the command palette things of one kind. useFound is a hook, called while the palette is open. */
export interface Source {
  heading: string;
  useFound: () => Found[];
}

/** The table of what the command palette goes to beside the pages. */
export const sources: Source[] = [{ heading: "Endpoints", useFound: useEndpoints }];

function useEndpoints(): Found[] {
  const { data } = useQuery(EndpointService.method.listEndpoints, { pageSize: 100 });
  return (data?.endpoints ?? []).map(({ id, name, url }) => ({
    name: name || url,
    id,
    path: `/settings/endpoints?id=${encodeURIComponent(id)}`,
  }));
}
