import { useQuery } from "@connectrpc/connect-query";
import { IntegrationService } from "@synchook/client/gen/integration_pb";

/** Named is what a list is narrowed to, as people name it. Empty: to nothing. */
interface Named {
  integration: string;
  connection: string;
  sync: string;
}

/** useNamed puts in the integration that a connection or a sync has its name in, if that is not said and there is only one. */
export function useNamed({ integration, connection, sync }: Named) {
  const missing = !integration && Boolean(connection || sync);
  const { data } = useQuery(
    IntegrationService.method.listIntegrations,
    { pageSize: 2 },
    { enabled: missing },
  );
  if (!missing) {
    return { providerConfigKey: integration, connectionId: connection, syncName: sync };
  }
  if (!data) {
    return { providerConfigKey: "", connectionId: "", syncName: "" };
  }
  const [only, another] = data.integrations;
  return {
    providerConfigKey: another ? "" : (only?.providerConfigKey ?? ""),
    connectionId: connection,
    syncName: sync,
  };
}
