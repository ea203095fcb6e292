import {
  type Client,
  createClient as createServiceClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { APIKeyService } from "./gen/synchook/v1/api_key_pb.js";
import { ConnectionService } from "./gen/synchook/v1/connection_pb.js";
import { DeliveryService } from "./gen/synchook/v1/delivery_pb.js";
import { EndpointService } from "./gen/synchook/v1/endpoint_pb.js";
import { EventService } from "./gen/synchook/v1/event_pb.js";
import { IntegrationService } from "./gen/synchook/v1/integration_pb.js";
import { ProjectService } from "./gen/synchook/v1/project_pb.js";
import { RecordService } from "./gen/synchook/v1/record_pb.js";
import { RecoveryService } from "./gen/synchook/v1/recovery_pb.js";
import { RunService } from "./gen/synchook/v1/run_pb.js";
import { SyncService } from "./gen/synchook/v1/sync_pb.js";
import { WebhookService } from "./gen/synchook/v1/webhook_pb.js";

/** Access says where synchook is and who calls. */
export interface Access {
  /** The address of synchook, such as "https://synchook.example". */
  baseUrl: string;
  /** A project's API key ("sk_..."), or the admin key. */
  apiKey: string;
  /**
   * The project ("prj_...") that is meant. It is needed with the admin key only: an API key names its
   * project itself.
   */
  project?: string;
}

/** SynchookClient has one typed client for each service of synchook, over one transport. */
export interface SynchookClient {
  /** The project and its settings. */
  readonly projects: Client<typeof ProjectService>;
  /** The project's API keys. */
  readonly apiKeys: Client<typeof APIKeyService>;
  /** The providers that are set up in the project. */
  readonly integrations: Client<typeof IntegrationService>;
  /** The customers' authorised accounts. */
  readonly connections: Client<typeof ConnectionService>;
  /** The deployed sync scripts. */
  readonly syncs: Client<typeof SyncService>;
  /** The executions of syncs. */
  readonly runs: Client<typeof RunService>;
  /** The verified incoming webhooks. */
  readonly events: Client<typeof EventService>;
  /** The way in for webhooks that were received elsewhere. */
  readonly webhooks: Client<typeof WebhookService>;
  /** The outgoing webhooks. */
  readonly deliveries: Client<typeof DeliveryService>;
  /** The URLs that get webhooks. */
  readonly endpoints: Client<typeof EndpointService>;
  /** Deliveries that were given up, attempted again by the many. */
  readonly recoveries: Client<typeof RecoveryService>;
  /** The records that syncs saved. */
  readonly records: Client<typeof RecordService>;
}

/** createClientOver makes the clients of all services over a transport of the caller's. */
export function createClientOver(transport: Transport): SynchookClient {
  return {
    projects: createServiceClient(ProjectService, transport),
    apiKeys: createServiceClient(APIKeyService, transport),
    integrations: createServiceClient(IntegrationService, transport),
    connections: createServiceClient(ConnectionService, transport),
    syncs: createServiceClient(SyncService, transport),
    runs: createServiceClient(RunService, transport),
    events: createServiceClient(EventService, transport),
    webhooks: createServiceClient(WebhookService, transport),
    deliveries: createServiceClient(DeliveryService, transport),
    endpoints: createServiceClient(EndpointService, transport),
    recoveries: createServiceClient(RecoveryService, transport),
    records: createServiceClient(RecordService, transport),
  };
}

/** authenticate says in each request, streams included, who calls. */
export function authenticate({ apiKey, project }: Access): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    if (project !== undefined) {
      request.header.set("synchook-project", project);
    }
    return next(request);
  };
}
