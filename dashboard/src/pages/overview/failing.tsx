import { useQuery } from "@connectrpc/connect-query";
import { type Endpoint, EndpointService, EndpointState } from "@synchook/client/gen/endpoint_pb";
import { type Run, RunService, RunState } from "@synchook/client/gen/run_pb";
import { Link } from "react-router";
import { endpointState } from "../../lib/states.js";
import { countText } from "../../lib/words.js";
import { Await } from "../../ui/await.js";
import { Badge } from "../../ui/badge.js";
import { Card } from "../../ui/card.js";
import { Skeleton } from "../../ui/note.js";
import { Ago } from "../../ui/time.js";

/** FailingEndpoints lists the endpoints that do not take webhooks as they should. */
export function FailingEndpoints() {
  const query = useQuery(
    EndpointService.method.listEndpoints,
    { pageSize: 1000 },
    { refetchInterval: 10_000 },
  );
  return (
    <Card title="Endpoints that need you">
      <Await query={query} meanwhile={<Skeleton height={38} />}>
        {({ endpoints }) => {
          const failing = endpoints.filter(({ state }) => state > EndpointState.HEALTHY);
          return failing.length === 0 ? (
            <p className="soft">None: all take webhooks.</p>
          ) : (
            <ul className="lines">
              {failing.slice(0, 8).map((endpoint) => (
                <FailingEndpoint key={endpoint.id} endpoint={endpoint} />
              ))}
            </ul>
          );
        }}
      </Await>
    </Card>
  );
}

function FailingEndpoint({ endpoint: { id, name, url, state, reason, pending } }: { endpoint: Endpoint }) {
  const { word, tone } = endpointState(state);
  return (
    <li>
      <div className="what">
        <Link to={`/settings/endpoints?id=${id}`}>{name || url}</Link>
        <div className="soft">{reason}</div>
      </div>
      <span className="soft number">{countText(pending)} wait</span>
      <Badge tone={tone}>{word}</Badge>
    </li>
  );
}

/** FailingSyncs lists the latest runs that failed. */
export function FailingSyncs() {
  const query = useQuery(
    RunService.method.listRuns,
    { state: RunState.FAILED, pageSize: 5 },
    { refetchInterval: 10_000 },
  );
  return (
    <Card title="Runs that failed last">
      <Await query={query} meanwhile={<Skeleton height={38} />}>
        {({ runs, nextPageToken }) =>
          runs.length === 0 ? (
            <p className="soft">
              {nextPageToken ? "None of the latest runs has failed." : "None: no sync has failed."}
            </p>
          ) : (
            <ul className="lines">
              {runs.map((run) => (
                <FailedRun key={run.id} run={run} />
              ))}
            </ul>
          )
        }
      </Await>
    </Card>
  );
}

function FailedRun({ run: { id, syncName, connectionId, error, endTime } }: { run: Run }) {
  return (
    <li>
      <div className="what">
        <Link to={`/runs/${id}`}>{syncName}</Link> for {connectionId}
        <div className="soft">{error}</div>
      </div>
      <span className="soft">
        <Ago time={endTime} />
      </span>
    </li>
  );
}
