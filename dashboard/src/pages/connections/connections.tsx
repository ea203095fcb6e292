import { useQuery } from "@connectrpc/connect-query";
import { type Connection, ConnectionService, CredentialsKind } from "@synchook/client/gen/connection_pb";
import { IntegrationService } from "@synchook/client/gen/integration_pb";
import { Users } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useChange } from "../../lib/change.js";
import { useFilters } from "../../lib/filters.js";
import { usePages } from "../../lib/pages.js";
import { usePlace } from "../../lib/session.js";
import { Badge } from "../../ui/badge.js";
import { Button } from "../../ui/button.js";
import { Confirm } from "../../ui/dialog.js";
import { Field, Filters, FilterText, Select } from "../../ui/form.js";
import { Empty, NothingMatches } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";
import { LastRun } from "../runs/last.js";
import { ConnectionDialog } from "./dialog.js";

/** Connections are the customers' authorised accounts. */
export default function Connections() {
  const { may } = usePlace();
  const { values, set, any, clear } = useFilters("integration", "connection");
  const [making, setMaking] = useState(false);
  const { data } = useQuery(IntegrationService.method.listIntegrations, { pageSize: 1000 });
  const keys = (data?.integrations ?? []).map(({ providerConfigKey }) => providerConfigKey);
  const rows = usePages(
    ConnectionService.method.listConnections,
    { providerConfigKey: values.integration, connectionId: values.connection, pageSize: 50 },
    { rows: (page) => page.connections, every: 10_000 },
  );
  const add = (
    <Button look="main" disabled={!may("write") || keys.length === 0} onClick={() => setMaking(true)}>
      Add a connection
    </Button>
  );
  const options = [{ value: "", text: "any" }, ...keys.map((key) => ({ value: key, text: key }))];
  return (
    <Page
      title="Connections"
      about="Your customers' accounts at the external APIs. Your app usually makes them."
      actions={rows.rows.length > 0 && add}
    >
      <div className="stack">
        <Filters any={any} onClear={clear}>
          <Field label="Integration">
            {(told) => (
              <Select
                {...told}
                value={values.integration}
                options={options}
                onChange={(integration) => set({ integration })}
              />
            )}
          </Field>
          <Field label="Connection's name">
            {(told) => (
              <FilterText
                {...told}
                value={values.connection}
                onChange={(connection) => set({ connection })}
              />
            )}
          </Field>
        </Filters>
        <Table
          label="Connections"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          empty={
            values.connection ? (
              <NothingMatches icon={<Users />} what="connection" onClear={clear} />
            ) : (
              <Empty icon={<Users />} title="No account is connected yet" action={add}>
                A connection holds one customer's credentials, and what tells which webhooks are theirs, such
                as the ID of an installation. An integration comes first.
              </Empty>
            )
          }
        />
      </div>
      {making && <ConnectionDialog keys={keys} onClose={() => setMaking(false)} />}
    </Page>
  );
}

const kinds: Record<CredentialsKind, string> = {
  [CredentialsKind.UNSPECIFIED]: "–",
  [CredentialsKind.NONE]: "none",
  [CredentialsKind.BEARER]: "a token",
  [CredentialsKind.BASIC]: "user and password",
  [CredentialsKind.HEADER]: "a header",
};

const columns: Column<Connection>[] = [
  {
    title: "Connection",
    cell: ({ connectionId, providerConfigKey, connectionConfig }) => (
      <div>
        <strong>{connectionId}</strong> <span className="soft">{providerConfigKey}</span>
        <div title="What the webhooks of its account are known by">
          <code>{JSON.stringify(connectionConfig ?? {})}</code>
        </div>
      </div>
    ),
  },
  {
    title: "Credentials",
    cell: ({ credentialsKind, refusedTime }) => (
      <div>
        {kinds[credentialsKind] ?? "–"}
        {refusedTime && (
          <div>
            <Badge tone="bad">refused</Badge> <Ago time={refusedTime} />
          </div>
        )}
      </div>
    ),
  },
  { title: "Last event", cell: ({ lastEventTime }) => <Ago time={lastEventTime} never="none yet" /> },
  { title: "Last run", cell: (connection) => <LastRun of={connection} /> },
  {
    title: "Look at",
    cell: ({ connectionId, providerConfigKey }) => {
      const query = `integration=${encodeURIComponent(providerConfigKey)}&connection=${encodeURIComponent(connectionId)}`;
      return (
        <span className="row">
          <Link to={`/runs?${query}`}>Runs</Link>
          <Link to={`/records?${query}`}>Records</Link>
          <Link to={`/deliveries?${query}`}>Deliveries</Link>
        </span>
      );
    },
  },
  { title: "", end: true, cell: (connection) => <Actions connection={connection} /> },
];

function Actions({ connection }: { connection: Connection }) {
  const { may } = usePlace();
  const [editing, setEditing] = useState(false);
  return (
    <span className="row">
      <Button look="quiet" disabled={!may("write")} onClick={() => setEditing(true)}>
        Edit
      </Button>
      <Remove connection={connection} />
      {editing && <ConnectionDialog connection={connection} keys={[]} onClose={() => setEditing(false)} />}
    </span>
  );
}

function Remove({ connection: { connectionId, providerConfigKey } }: { connection: Connection }) {
  const { may } = usePlace();
  const remove = useChange(ConnectionService.method.deleteConnection, {
    done: `The connection ${connectionId} is deleted.`,
  });
  return (
    <Confirm
      trigger={(ask) => (
        <Button look="quiet" disabled={!may("write")} onClick={ask}>
          Delete
        </Button>
      )}
      title={`Delete ${connectionId}?`}
      about="Its records, runs and webhooks are deleted with it, also those that are still owed. It cannot be taken back."
      action="Delete it"
      onConfirm={() => remove.mutate({ connectionId, providerConfigKey })}
    />
  );
}
