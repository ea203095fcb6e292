import { skipToken, useQuery } from "@connectrpc/connect-query";
import { APIKeyService } from "@synchook/client/gen/api_key_pb";
import { ConnectionService } from "@synchook/client/gen/connection_pb";
import { EndpointService } from "@synchook/client/gen/endpoint_pb";
import { IntegrationService } from "@synchook/client/gen/integration_pb";
import { SyncService } from "@synchook/client/gen/sync_pb";
import { useDeferredValue } from "react";

/** Found is something that the command palette can go to. */
export interface Found {
  /** What people call it; empty: it has an ID only. */
  name: string;
  id: string;
  path: string;
}

/**
 * Source gives the command palette things of one kind. useFound is a hook, called while the palette is open with what a
 * person has written; the palette itself leaves out what does not match.
 */
export interface Source {
  heading: string;
  useFound: (text: string) => Found[];
}

/** The table of what the command palette goes to beside the pages. */
export const sources: Source[] = [
  { heading: "Settings", useFound: () => settings },
  { heading: "Integrations", useFound: useIntegrations },
  { heading: "Syncs", useFound: useSyncs },
  { heading: "Connections", useFound: useConnections },
  { heading: "Endpoints", useFound: useEndpoints },
  { heading: "API keys", useFound: useKeys },
];

const settings: Found[] = [
  { name: "Endpoints", id: "settings/endpoints", path: "/settings/endpoints" },
  { name: "API keys", id: "settings/keys", path: "/settings/keys" },
  { name: "Retention", id: "settings/data", path: "/settings/data" },
  { name: "Recover what was given up", id: "deliveries/recoveries", path: "/deliveries/recoveries" },
];

const query = (parts: Record<string, string>) => new URLSearchParams(parts).toString();

function useIntegrations(): Found[] {
  const { data } = useQuery(IntegrationService.method.listIntegrations, { pageSize: 1000 });
  return (data?.integrations ?? []).map(({ id, providerConfigKey }) => ({
    name: providerConfigKey,
    id,
    path: `/events?${query({ integration: providerConfigKey })}`,
  }));
}

function useSyncs(): Found[] {
  const { data } = useQuery(SyncService.method.listSyncs, {});
  return (data?.syncs ?? []).map(({ id, syncName, providerConfigKey }) => ({
    name: `${syncName} of ${providerConfigKey}`,
    id,
    path: `/runs?${query({ integration: providerConfigKey, sync: syncName })}`,
  }));
}

/** There can be very many: the first ones are known, and any other is found by its whole name. */
function useConnections(text: string): Found[] {
  const connectionId = useDeferredValue(text);
  const list = ConnectionService.method.listConnections;
  const { data: first } = useQuery(list, { pageSize: 100 });
  const { data: named } = useQuery(list, connectionId ? { connectionId, pageSize: 20 } : skipToken);
  const connections = new Map(
    [first, named].flatMap((page) => page?.connections ?? []).map((one) => [one.id, one]),
  );
  return [...connections.values()].map(({ id, connectionId, providerConfigKey }) => ({
    name: `${connectionId} of ${providerConfigKey}`,
    id,
    path: `/connections?${query({ integration: providerConfigKey, connection: connectionId })}`,
  }));
}

function useEndpoints(): Found[] {
  const { data } = useQuery(EndpointService.method.listEndpoints, { pageSize: 100 });
  return (data?.endpoints ?? []).map(({ id, name, url }) => ({
    name: name || url,
    id,
    path: `/settings/endpoints?id=${encodeURIComponent(id)}`,
  }));
}

function useKeys(): Found[] {
  const { data } = useQuery(APIKeyService.method.listAPIKeys, {});
  return (data?.apiKeys ?? []).map(({ id, name }) => ({ name, id, path: "/settings/keys" }));
}
