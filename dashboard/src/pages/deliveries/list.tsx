import { type Delivery, DeliveryService, DeliveryState, Order } from "@synchook/client/gen/delivery_pb";
import { Send } from "lucide-react";
import { Link } from "react-router";
import { useFilters } from "../../lib/filters.js";
import { useNamed } from "../../lib/named.js";
import { usePages } from "../../lib/pages.js";
import { deliveryState } from "../../lib/states.js";
import { Badge } from "../../ui/badge.js";
import { LinkButton } from "../../ui/button.js";
import { Field, Filters, FilterText, Select } from "../../ui/form.js";
import { Empty, NothingMatches } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";

const names = ["state", "endpoint", "integration", "connection", "sync", "model", "run", "order"] as const;
type Name = (typeof names)[number];

/** The states that the list is filtered by, under the words that the URL has for them. */
const states: { value: string; text: string; state: DeliveryState }[] = [
  { value: "", text: "any", state: DeliveryState.UNSPECIFIED },
  { value: "undelivered", text: "not delivered", state: DeliveryState.UNDELIVERED },
  { value: "pending", text: "pending", state: DeliveryState.PENDING },
  { value: "exhausted", text: "given up", state: DeliveryState.EXHAUSTED },
  { value: "delivered", text: "delivered", state: DeliveryState.DELIVERED },
  { value: "superseded", text: "superseded", state: DeliveryState.SUPERSEDED },
  { value: "cancelled", text: "cancelled", state: DeliveryState.CANCELLED },
];

/** List is the project's deliveries, as the URL's query filters them. */
export function List() {
  const filters = useFilters(...names);
  const { values } = filters;
  const named = useNamed(values);
  const rows = usePages(
    DeliveryService.method.listDeliveries,
    {
      state: states.find(({ value }) => value === values.state)?.state ?? DeliveryState.UNSPECIFIED,
      endpointId: values.endpoint,
      ...named,
      model: values.model,
      runId: values.run,
      order: values.order === "oldest" ? Order.OLDEST_FIRST : Order.NEWEST_FIRST,
      pageSize: 50,
    },
    { rows: (page) => page.deliveries, every: 3_000 },
  );
  return (
    <Page
      title="Deliveries"
      about="Every webhook that your endpoints are owed, and what became of it."
      actions={<LinkButton to="/deliveries/recoveries">Recover what was given up</LinkButton>}
    >
      <div className="stack">
        <FilterBar {...filters} />
        <Table
          label="Deliveries"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          empty={<NoDeliveries filtered={filters.any} onClear={filters.clear} />}
        />
      </div>
    </Page>
  );
}

interface FilterBarProps {
  values: Record<Name, string>;
  set(changes: Partial<Record<Name, string>>): void;
  any: boolean;
  clear(): void;
}

function FilterBar({ values, set, any, clear }: FilterBarProps) {
  const text = (label: string, name: Name) => (
    <Field label={label}>
      {(told) => <FilterText {...told} value={values[name]} onChange={(value) => set({ [name]: value })} />}
    </Field>
  );
  return (
    <Filters any={any} onClear={clear}>
      <Field label="State">
        {(told) => (
          <Select {...told} value={values.state} options={states} onChange={(state) => set({ state })} />
        )}
      </Field>
      <Field label="Order">
        {(told) => (
          <Select
            {...told}
            value={values.order}
            options={[
              { value: "", text: "newest first" },
              { value: "oldest", text: "oldest first" },
            ]}
            onChange={(order) => set({ order })}
          />
        )}
      </Field>
      {text("Integration", "integration")}
      {text("Connection", "connection")}
      {text("Sync", "sync")}
      {text("Model", "model")}
      {text("Endpoint", "endpoint")}
    </Filters>
  );
}

function NoDeliveries({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return filtered ? (
    <NothingMatches icon={<Send />} what="delivery" onClear={onClear} />
  ) : (
    <Empty
      icon={<Send />}
      title="No webhook is owed yet"
      action={<LinkButton to="/settings">Set the webhook URL</LinkButton>}
    >
      When a sync has changed records, each endpoint is owed one webhook for each model that changed. It is
      tried again until your app answers 2xx.
    </Empty>
  );
}

const columns: Column<Delivery>[] = [
  {
    title: "Webhook",
    cell: ({ id, model, operationalType, connectionId }) => (
      <div>
        <Link to={`/deliveries/${id}`}>{model || operationalType}</Link>
        <div className="soft">{connectionId || "synchook itself"}</div>
      </div>
    ),
  },
  {
    title: "State",
    cell: ({ state, reason }) => {
      const { word, tone } = deliveryState(state);
      return (
        <div>
          <Badge tone={tone}>{word}</Badge>
          {reason && <div className="soft">{reason}</div>}
        </div>
      );
    },
  },
  {
    title: "Attempts",
    end: true,
    cell: ({ attempts, maxAttempts }) => (
      <span className="number">
        {attempts} of {maxAttempts}
      </span>
    ),
  },
  { title: "Next", cell: ({ nextAttemptTime }) => <Ago time={nextAttemptTime} never="–" /> },
  { title: "Made", cell: ({ createTime }) => <Ago time={createTime} /> },
];
