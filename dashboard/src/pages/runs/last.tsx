import { useQuery } from "@connectrpc/connect-query";
import { RunService } from "@synchook/client/gen/run_pb";
import { Link } from "react-router";
import { runState } from "../../lib/states.js";
import { Badge } from "../../ui/badge.js";
import { Ago } from "../../ui/time.js";

interface LastRunProps {
  /** Of which runs the last one is shown. */
  of: { providerConfigKey: string; connectionId?: string; syncName?: string };
  /** How often it is looked for, in milliseconds. */
  every: number;
}

/** LastRun is how the last run ended, or that it goes on. */
export function LastRun({ of, every }: LastRunProps) {
  const { data } = useQuery(RunService.method.listRuns, { ...of, pageSize: 1 }, { refetchInterval: every });
  const [run] = data?.runs ?? [];
  if (!run) {
    return <span className="soft">{data && "never ran"}</span>;
  }
  const { word, tone } = runState(run.state);
  return (
    <Link to={`/runs/${run.id}`} className="row">
      <Badge tone={tone}>{word}</Badge>
      <Ago time={run.endTime ?? run.createTime} />
    </Link>
  );
}
