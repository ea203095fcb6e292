import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import type { Connection } from "@synchook/client/gen/connection_pb";
import { RunService, type RunState } from "@synchook/client/gen/run_pb";
import { Link } from "react-router";
import { runState } from "../../lib/states.js";
import { Badge } from "../../ui/badge.js";
import { Ago } from "../../ui/time.js";

/** LastRun is how the last run of a connection ended. */
export function LastRun({ of: { lastRunId, lastRunState, lastRunTime } }: { of: Connection }) {
  return lastRunId ? (
    <RunLink id={lastRunId} state={lastRunState} time={lastRunTime} />
  ) : (
    <span className="soft">none has ended</span>
  );
}

interface LastRunOfSyncProps {
  of: { providerConfigKey: string; syncName: string };
  /** How often it is looked for, in milliseconds. */
  every: number;
}

/** LastRunOfSync is how the last run of a sync ended, or that it goes on. */
export function LastRunOfSync({ of, every }: LastRunOfSyncProps) {
  const { data } = useQuery(RunService.method.listRuns, { ...of, pageSize: 1 }, { refetchInterval: every });
  const [run] = data?.runs ?? [];
  if (!run) {
    return <span className="soft">{data && (data.nextPageToken ? "not lately" : "never ran")}</span>;
  }
  return <RunLink id={run.id} state={run.state} time={run.endTime ?? run.createTime} />;
}

function RunLink({ id, state, time }: { id: string; state: RunState; time: Timestamp | undefined }) {
  const { word, tone } = runState(state);
  return (
    <Link to={`/runs/${id}`} className="row">
      <Badge tone={tone}>{word}</Badge>
      <Ago time={time} />
    </Link>
  );
}
