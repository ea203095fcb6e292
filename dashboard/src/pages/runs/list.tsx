import { type Run, RunService, RunState } from "@synchook/client/gen/run_pb";
import { Play } from "lucide-react";
import { Link } from "react-router";
import { useFilters } from "../../lib/filters.js";
import { useNamed } from "../../lib/named.js";
import { usePages } from "../../lib/pages.js";
import { runState, triggerText } from "../../lib/states.js";
import { changesText, dateOf, spanText } from "../../lib/words.js";
import { Badge } from "../../ui/badge.js";
import { Field, Filters, FilterText, Select } from "../../ui/form.js";
import { Empty, NothingMatches } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";

/** The states that the list is filtered by, under the words that the URL has for them. */
const states: { value: string; text: string; state: RunState }[] = [
  { value: "", text: "any", state: RunState.UNSPECIFIED },
  { value: "queued", text: "queued", state: RunState.QUEUED },
  { value: "running", text: "running", state: RunState.RUNNING },
  { value: "succeeded", text: "succeeded", state: RunState.SUCCEEDED },
  { value: "failed", text: "failed", state: RunState.FAILED },
  { value: "cancelled", text: "cancelled", state: RunState.CANCELLED },
];

/** List is the project's runs, as the URL's query filters them. */
export function List() {
  const { values, set, any, clear } = useFilters("state", "integration", "connection", "sync", "event");
  const named = useNamed(values);
  const rows = usePages(
    RunService.method.listRuns,
    {
      state: states.find(({ value }) => value === values.state)?.state ?? RunState.UNSPECIFIED,
      ...named,
      eventId: values.event,
      pageSize: 50,
    },
    { rows: (page) => page.runs, every: 3_000 },
  );
  const text = (label: string, name: "integration" | "connection" | "sync" | "event") => (
    <Field label={label}>
      {(told) => <FilterText {...told} value={values[name]} onChange={(value) => set({ [name]: value })} />}
    </Field>
  );
  return (
    <Page title="Runs" about="Every execution of a sync for a connection.">
      <div className="stack">
        <Filters any={any} onClear={clear}>
          <Field label="State">
            {(told) => (
              <Select {...told} value={values.state} options={states} onChange={(state) => set({ state })} />
            )}
          </Field>
          {text("Integration", "integration")}
          {text("Connection", "connection")}
          {text("Sync", "sync")}
          {text("Event", "event")}
        </Filters>
        <Table
          label="Runs"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          empty={<NoRuns filtered={any} onClear={clear} />}
        />
      </div>
    </Page>
  );
}

function NoRuns({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return filtered ? (
    <NothingMatches icon={<Play />} what="run" onClear={onClear} />
  ) : (
    <Empty icon={<Play />} title="No sync has run yet">
      A sync runs when a provider's webhook comes for one of its connections, on its schedule, and when
      somebody triggers it. Deploy one by <code>synchook deploy</code>.
    </Empty>
  );
}

/** took is how long a run took, from its first attempt on, in seconds. Undefined: it has not ended. */
export function took({ startTime, endTime }: Run): number | undefined {
  const [from, to] = [dateOf(startTime), dateOf(endTime)];
  return from && to && (to.getTime() - from.getTime()) / 1000;
}

const columns: Column<Run>[] = [
  {
    title: "Run",
    cell: ({ id, syncName, connectionId }) => (
      <div>
        <Link to={`/runs/${id}`}>{syncName}</Link>
        <div className="soft">{connectionId}</div>
      </div>
    ),
  },
  {
    title: "State",
    cell: ({ state, error }) => {
      const { word, tone } = runState(state);
      return (
        <div>
          <Badge tone={tone}>{word}</Badge>
          {error && <div className="soft">{error.split("\n")[0]}</div>}
        </div>
      );
    },
  },
  { title: "By", cell: ({ trigger }) => triggerText(trigger) },
  { title: "Changed", cell: ({ counts }) => <span className="soft">{changesText(counts) || "–"}</span> },
  {
    title: "Took",
    end: true,
    cell: (run) => {
      const seconds = took(run);
      return <span className="number">{seconds === undefined ? "–" : spanText(seconds)}</span>;
    },
  },
  { title: "Queued", cell: ({ createTime }) => <Ago time={createTime} /> },
];
