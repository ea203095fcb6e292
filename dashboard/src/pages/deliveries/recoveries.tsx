import { type Recovery, RecoveryService, RecoveryState } from "@synchook/client/gen/recovery_pb";
import { RotateCw } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { usePages } from "../../lib/pages.js";
import { usePlace } from "../../lib/session.js";
import { recoveryState } from "../../lib/states.js";
import { countText, dateOf } from "../../lib/words.js";
import { Badge } from "../../ui/badge.js";
import { Button, LinkButton } from "../../ui/button.js";
import { Empty } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";
import { RecoverDialog } from "./recover.js";

/** Recoveries are the jobs that attempt many deliveries again. */
export default function Recoveries() {
  const { may } = usePlace();
  const [making, setMaking] = useState(false);
  const rows = usePages(
    RecoveryService.method.listRecoveries,
    { pageSize: 50 },
    { rows: (page) => page.recoveries, every: 1_000 },
  );
  const make = (
    <Button look="main" disabled={!may("write")} onClick={() => setMaking(true)}>
      Recover deliveries
    </Button>
  );
  return (
    <Page
      title="Recoveries"
      about="Attempt everything again that was given up in some time: slowed down, watched, paused or cancelled."
      actions={
        <>
          <LinkButton to="/deliveries?state=exhausted">See what was given up</LinkButton>
          {rows.rows.length > 0 && make}
        </>
      }
    >
      <Table
        label="Recoveries"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={<RotateCw />} title="Nothing was recovered yet" action={make}>
            After an outage of your app that outlasted the retry schedule, a recovery sends again what was
            given up. It is counted before anything is sent, and survives restarts.
          </Empty>
        }
      />
      {making && <RecoverDialog onClose={() => setMaking(false)} />}
    </Page>
  );
}

const columns: Column<Recovery>[] = [
  {
    title: "What",
    cell: ({ filter, rateLimit }) => (
      <div>
        <strong>{windowText(filter)}</strong>
        <div className="soft">
          {[
            filter?.endpointId,
            filter?.providerConfigKey,
            filter?.connectionId,
            filter?.syncName,
            filter?.model,
            rateLimit > 0 && `${countText(rateLimit)} a second`,
          ]
            .filter(Boolean)
            .join(" · ")}
        </div>
      </div>
    ),
  },
  {
    title: "State",
    cell: ({ state, reason }) => {
      const { word, tone } = recoveryState(state);
      return (
        <div>
          <Badge tone={tone}>{word}</Badge>
          {reason && <div className="soft">{reason}</div>}
        </div>
      );
    },
  },
  { title: "Progress", cell: (recovery) => <Progress recovery={recovery} /> },
  { title: "Begun", cell: ({ createTime }) => <Ago time={createTime} /> },
  { title: "", end: true, cell: (recovery) => <Steering recovery={recovery} /> },
];

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function windowText(filter: Recovery["filter"]): string {
  const [from, to] = [dateOf(filter?.createdAfter), dateOf(filter?.createdBefore)];
  return `${from ? whole.format(from) : "the beginning"} – ${to ? whole.format(to) : "then"}`;
}

function Progress({ recovery: { id, found, examined, retried } }: { recovery: Recovery }) {
  return (
    <div>
      <progress
        className="progress"
        aria-label={`Progress of ${id}`}
        max={Math.max(Number(found), 1)}
        value={Number(found) ? Number(examined) : 1}
      />
      <div className="soft number">
        {countText(retried)} of {countText(found)} sent again
      </div>
    </div>
  );
}

/** Steering pauses a recovery, has it go on, or cancels it. */
function Steering({ recovery: { id, state } }: { recovery: Recovery }) {
  const { may } = usePlace();
  const pause = useChange(RecoveryService.method.pauseRecovery, { done: "The recovery is paused." });
  const resume = useChange(RecoveryService.method.resumeRecovery, { done: "The recovery goes on." });
  const cancel = useChange(RecoveryService.method.cancelRecovery, {
    done: "The recovery is cancelled. What it has sent again goes on by itself.",
  });
  if (state !== RecoveryState.RUNNING && state !== RecoveryState.PAUSED) {
    return null;
  }
  const running = state === RecoveryState.RUNNING;
  return (
    <span className="row">
      <Button look="quiet" disabled={!may("write")} onClick={() => (running ? pause : resume).mutate({ id })}>
        {running ? "Pause" : "Go on"}
      </Button>
      <Button look="quiet" disabled={!may("write")} onClick={() => cancel.mutate({ id })}>
        Cancel
      </Button>
    </span>
  );
}
