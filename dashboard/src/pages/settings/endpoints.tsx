import { type Endpoint, EndpointKind, EndpointService } from "@synchook/client/gen/endpoint_pb";
import { Webhook } from "lucide-react";
import { useState } from "react";
import { useFilters } from "../../lib/filters.js";
import { usePages } from "../../lib/pages.js";
import { usePlace } from "../../lib/session.js";
import { endpointKind, endpointState } from "../../lib/states.js";
import { countText } from "../../lib/words.js";
import { Badge } from "../../ui/badge.js";
import { Button } from "../../ui/button.js";
import { Empty } from "../../ui/note.js";
import { type Column, Table } from "../../ui/table.js";
import { EndpointActions } from "./endpoint-actions.js";
import { EndpointDialog } from "./endpoint-dialog.js";

/** Endpoints lists all URLs that get webhooks, and makes further ones. */
export default function Endpoints() {
  const { may } = usePlace();
  const { values, clear } = useFilters("id");
  const [making, setMaking] = useState(false);
  const rows = usePages(
    EndpointService.method.listEndpoints,
    { pageSize: 100 },
    {
      rows: (page) => page.endpoints.filter((endpoint) => shown(endpoint, values.id)),
      every: 10_000,
    },
  );
  const add = (
    <Button look="main" disabled={!may("write")} onClick={() => setMaking(true)}>
      Add an endpoint
    </Button>
  );
  return (
    <>
      <div className="row spread">
        <p className="soft">
          A slow or dead endpoint costs the others nothing. Each has a signing secret of its own.
        </p>
        <span className="row">
          {values.id && <Button onClick={clear}>Show all</Button>}
          {rows.rows.length > 0 && add}
        </span>
      </div>
      <Table
        label="Endpoints"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={<Webhook />} title="No URL gets webhooks yet" action={add}>
            Set the webhook URL first. Further endpoints get the same webhooks, or those of some syncs only,
            such as for a second app or a data warehouse.
          </Empty>
        }
      />
      {making && <EndpointDialog onClose={() => setMaking(false)} />}
    </>
  );
}

/** shown leaves out the webhook URL while there is none, and all but the one that the URL names. */
function shown({ id, kind, url }: Endpoint, only: string): boolean {
  return (kind !== EndpointKind.PROJECT || url !== "") && (only === "" || id === only);
}

const columns: Column<Endpoint>[] = [
  {
    title: "Endpoint",
    cell: ({ name, url, kind, connectionId }) => (
      <div className="endpoint">
        <strong>{name || url}</strong>
        <div className="soft">
          {[name && url, endpointKind(kind), connectionId].filter(Boolean).join(" · ")}
        </div>
      </div>
    ),
  },
  {
    title: "State",
    cell: ({ state, reason }) => {
      const { word, tone } = endpointState(state);
      return (
        <div>
          <Badge tone={tone}>{word}</Badge>
          {reason && <div className="soft">{reason}</div>}
        </div>
      );
    },
  },
  {
    title: "Waiting",
    end: true,
    cell: ({ pending }) => <span className="number">{countText(pending)}</span>,
  },
  { title: "", end: true, cell: (endpoint) => <EndpointActions endpoint={endpoint} /> },
];
