import { useQuery } from "@connectrpc/connect-query";
import { ConnectionService } from "@synchook/client/gen/connection_pb";
import { type Record as Kept, RecordAction, RecordService } from "@synchook/client/gen/record_pb";
import { SyncService } from "@synchook/client/gen/sync_pb";
import { Database } from "lucide-react";
import { useFilters } from "../../lib/filters.js";
import { usePages } from "../../lib/pages.js";
import { recordAction } from "../../lib/states.js";
import { Badge } from "../../ui/badge.js";
import { Field, Filters, Select } from "../../ui/form.js";
import { Code, Empty, Note } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago, useNow } from "../../ui/time.js";

/** The spans that the list is cut to, as `delta` does. */
const spans = [
  { value: "", text: "any time" },
  { value: "300", text: "the last 5 minutes" },
  { value: "3600", text: "the last hour" },
  { value: "86400", text: "the last day" },
];

const actions: { value: string; text: string; action: RecordAction[] }[] = [
  { value: "", text: "any", action: [] },
  { value: "added", text: "added", action: [RecordAction.ADDED] },
  { value: "updated", text: "updated", action: [RecordAction.UPDATED] },
  { value: "deleted", text: "deleted", action: [RecordAction.DELETED] },
];

/** Records is what syncs have saved for a connection, model by model. */
export default function Records() {
  const { values, set, any, clear } = useFilters("integration", "connection", "model", "since", "action");
  const { integration, connection, model } = values;
  return (
    <Page title="Records" about="What your syncs have saved, as your app reads it.">
      <div className="stack">
        <Filters any={any} onClear={clear}>
          <Choices values={values} set={set} />
        </Filters>
        {integration && connection && model ? (
          <List values={values} />
        ) : (
          <div className="table-frame">
            <Empty icon={<Database />} title="Choose a connection and a model">
              Records belong to one connection, and are of one model of a sync. Your app reads the same by{" "}
              <code>ListRecords</code>, with <code>delta</code> for what changed since a webhook.
            </Empty>
          </div>
        )}
      </div>
    </Page>
  );
}

type Values = Record<"integration" | "connection" | "model" | "since" | "action", string>;

interface ChoicesProps {
  values: Values;
  set(changes: Partial<Values>): void;
}

/** Choices are the fields that say what is shown; each offers what there is. */
function Choices({ values, set }: ChoicesProps) {
  const { data: syncs } = useQuery(SyncService.method.listSyncs, {});
  const { data: connections } = useQuery(
    ConnectionService.method.listConnections,
    { providerConfigKey: values.integration, pageSize: 500 },
    { enabled: values.integration !== "" },
  );
  const all = syncs?.syncs ?? [];
  const keys = [...new Set(all.map(({ providerConfigKey }) => providerConfigKey))];
  const models = all
    .filter(({ providerConfigKey }) => providerConfigKey === values.integration)
    .flatMap(({ models }) => models);
  const names = (connections?.connections ?? []).map(({ connectionId }) => connectionId);
  return (
    <>
      <Choice
        label="Integration"
        value={values.integration}
        of={keys}
        onChange={(integration) => set({ integration, connection: "", model: "" })}
      />
      <Choice
        label="Connection"
        value={values.connection}
        of={names}
        onChange={(connection) => set({ connection })}
      />
      <Choice label="Model" value={values.model} of={models} onChange={(model) => set({ model })} />
      <Field label="Changed in">
        {(told) => (
          <Select {...told} value={values.since} options={spans} onChange={(since) => set({ since })} />
        )}
      </Field>
      <Field label="Last change">
        {(told) => (
          <Select {...told} value={values.action} options={actions} onChange={(action) => set({ action })} />
        )}
      </Field>
    </>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  of: string[];
  onChange: (value: string) => void;
}

/** Choice is one of some names; what the URL says is among them although it is none. */
function Choice({ label, value, of, onChange }: ChoiceProps) {
  const names = value && !of.includes(value) ? [...of, value] : of;
  const options = [{ value: "", text: "choose" }, ...names.map((name) => ({ value: name, text: name }))];
  return (
    <Field label={label}>
      {(told) => <Select {...told} value={value} options={options} onChange={onChange} />}
    </Field>
  );
}

function List({ values }: { values: Values }) {
  // By the minute, so that the question stays the same for a while.
  const minute = Math.floor(useNow() / 60_000) * 60;
  const rows = usePages(
    RecordService.method.listRecords,
    {
      providerConfigKey: values.integration,
      connectionId: values.connection,
      model: values.model,
      filter: actions.find(({ value }) => value === values.action)?.action ?? [],
      ...(values.since && { delta: { seconds: BigInt(minute - Number(values.since)), nanos: 0 } }),
      pageSize: 50,
    },
    { rows: (page) => page.records, every: 5_000 },
  );
  return (
    <>
      {values.action === "deleted" && (
        <Note tone="info" title="Deleted records are kept for a while, so that your app hears of them." />
      )}
      <Table
        label="Records"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={<Database />} title="There is no such record">
            The sync has saved none for this connection, or none that changed as the filters say.
          </Empty>
        }
      />
    </>
  );
}

const columns: Column<Kept>[] = [
  { title: "Record", cell: ({ id }) => <code>{id}</code> },
  {
    title: "Last change",
    cell: ({ lastAction, lastModifiedTime }) => {
      const { word, tone } = recordAction(lastAction);
      return (
        <div>
          <Badge tone={tone}>{word}</Badge>
          <div className="soft">
            <Ago time={lastModifiedTime} />
          </div>
        </div>
      );
    },
  },
  { title: "First seen", cell: ({ firstSeenTime }) => <Ago time={firstSeenTime} /> },
  {
    title: "Content",
    cell: ({ id, payload }) => (
      <details>
        <summary>
          {Object.keys(payload ?? {})
            .join(", ")
            .slice(0, 80) || "nothing"}
        </summary>
        <Code label={`The record ${id}`} text={JSON.stringify(payload, undefined, 2)} />
      </details>
    ),
  },
];
