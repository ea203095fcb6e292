import { useQuery } from "@connectrpc/connect-query";
import { RunService } from "@synchook/client/gen/run_pb";
import { type Sync, SyncService } from "@synchook/client/gen/sync_pb";
import { RefreshCw } from "lucide-react";
import { Link } from "react-router";
import { useChange } from "../../lib/change.js";
import { whole } from "../../lib/pages.js";
import { usePlace } from "../../lib/session.js";
import { countText, secondsOf, spanText } from "../../lib/words.js";
import { Button } from "../../ui/button.js";
import { type Choice, Menu } from "../../ui/menu.js";
import { Empty } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { LastRunOfSync } from "../runs/last.js";

/** Syncs are the scripts that are deployed. */
export default function Syncs() {
  const query = useQuery(SyncService.method.listSyncs, {});
  const rows = whole(query, (answer) => answer.syncs);
  return (
    <Page title="Syncs" about="The scripts that fetch your customers' data, and what sets them off.">
      <Table
        label="Syncs"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={<RefreshCw />} title="No sync is deployed yet">
            A sync is a TypeScript file beside a <code>nango.yaml</code>. <code>synchook deploy</code> checks
            a folder of them, shows what would change, and uploads it.
          </Empty>
        }
      />
    </Page>
  );
}

const columns: Column<Sync>[] = [
  {
    title: "Sync",
    cell: ({ syncName, providerConfigKey, description }) => (
      <div>
        <strong>{syncName}</strong>
        <div className="soft">{[providerConfigKey, description].filter(Boolean).join(" · ")}</div>
      </div>
    ),
  },
  {
    title: "Records",
    cell: ({ models, providerConfigKey }) => (
      <span className="row">
        {models.map((model) => (
          <Link key={model} to={`/records?${new URLSearchParams({ integration: providerConfigKey, model })}`}>
            {model}
          </Link>
        ))}
      </span>
    ),
  },
  {
    title: "Runs",
    cell: ({ frequency, webhookSubscriptions }) => (
      <div className="soft">
        {frequency ? `every ${spanText(secondsOf(frequency))}` : "not on a schedule"}
        {webhookSubscriptions.length > 0 && <div>on {webhookSubscriptions.join(", ")}</div>}
      </div>
    ),
  },
  {
    title: "Last result",
    cell: ({ syncName, providerConfigKey }) => (
      <LastRunOfSync of={{ syncName, providerConfigKey }} every={5_000} />
    ),
  },
  { title: "", end: true, cell: (sync) => <Actions sync={sync} /> },
];

function connectionsText(count: number): string {
  return `${countText(count)} ${count === 1 ? "connection" : "connections"}`;
}

/** Actions are for all connections of the sync. */
function Actions({ sync: { syncName, providerConfigKey } }: { sync: Sync }) {
  const { may } = usePlace();
  const touches = [SyncService, RunService];
  const trigger = useChange(SyncService.method.triggerSync, {
    done: ({ runIds }) => `${countText(runIds.length)} queued: one run for each connection.`,
    touches,
  });
  const pause = useChange(SyncService.method.pauseSync, {
    done: ({ connections }) => `The schedule is paused for ${connectionsText(connections)}.`,
  });
  const start = useChange(SyncService.method.startSync, {
    done: ({ connections }) => `The schedule goes on for ${connectionsText(connections)}.`,
  });
  const named = { syncName, providerConfigKey };
  const choices: Choice[] = [
    { text: "Pause the schedule", onSelect: () => pause.mutate(named) },
    { text: "Start the schedule", onSelect: () => start.mutate(named) },
  ];
  return (
    <span className="row">
      <Button
        look="quiet"
        disabled={!may("write")}
        busy={trigger.isPending}
        onClick={() => trigger.mutate(named)}
      >
        Run now
      </Button>
      <Menu
        trigger={
          <Button
            look="quiet"
            className="icon"
            disabled={!may("write")}
            aria-label={`Schedule of ${syncName}`}
          >
            …
          </Button>
        }
        choices={choices}
      />
    </span>
  );
}
