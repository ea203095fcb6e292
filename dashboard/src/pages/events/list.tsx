import { useQuery } from "@connectrpc/connect-query";
import { type Event, EventOutcome, EventService } from "@synchook/client/gen/event_pb";
import { Inbox } from "lucide-react";
import { Link } from "react-router";
import { useFilters } from "../../lib/filters.js";
import { usePages } from "../../lib/pages.js";
import { eventOutcome } from "../../lib/states.js";
import { countText } from "../../lib/words.js";
import { Badge } from "../../ui/badge.js";
import { Card } from "../../ui/card.js";
import { Field, Filters, FilterText, Select } from "../../ui/form.js";
import { Empty, NothingMatches } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";

/** The outcomes that the ledger is filtered by, under the words that the URL has for them. */
const outcomes: { value: string; text: string; outcome: EventOutcome }[] = [
  { value: "", text: "any", outcome: EventOutcome.UNSPECIFIED },
  { value: "matched", text: "matched", outcome: EventOutcome.MATCHED },
  { value: "unmatched", text: "unmatched", outcome: EventOutcome.UNMATCHED },
  { value: "handshake", text: "handshake", outcome: EventOutcome.HANDSHAKE },
];

/** List is the ledger of events, as the URL's query filters it. */
export function List() {
  const { values, set, any, clear } = useFilters("outcome", "integration");
  const filter = {
    outcome: outcomes.find(({ value }) => value === values.outcome)?.outcome ?? EventOutcome.UNSPECIFIED,
    providerConfigKey: values.integration,
  };
  const rows = usePages(
    EventService.method.listEvents,
    { ...filter, pageSize: 50 },
    { rows: (page) => page.events, every: 3_000 },
  );
  return (
    <Page
      title="Events"
      about="Every webhook that a provider sent and that was verified, and what it set off."
    >
      <div className="stack">
        <Filters any={any} onClear={clear}>
          <Field label="Outcome">
            {(told) => (
              <Select
                {...told}
                value={values.outcome}
                options={outcomes}
                onChange={(outcome) => set({ outcome })}
              />
            )}
          </Field>
          <Field label="Integration">
            {(told) => (
              <FilterText
                {...told}
                value={values.integration}
                onChange={(integration) => set({ integration })}
              />
            )}
          </Field>
        </Filters>
        <Table
          label="Events"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          empty={<NoEvents filtered={any} onClear={clear} />}
        />
        {values.integration && <Rejected integration={values.integration} />}
      </div>
    </Page>
  );
}

function NoEvents({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return filtered ? (
    <NothingMatches icon={<Inbox />} what="event" onClear={onClear} />
  ) : (
    <Empty icon={<Inbox />} title="No provider has sent a webhook yet">
      Give the URL of an integration to the provider, with the secret that it signs with. What it sends is
      listed here as soon as it comes, also when it belongs to no connection.
    </Empty>
  );
}

/** Rejected are the last webhooks of an integration that could not be verified. */
function Rejected({ integration }: { integration: string }) {
  const { data } = useQuery(
    EventService.method.listEvents,
    { providerConfigKey: integration, pageSize: 1 },
    { refetchInterval: 10_000 },
  );
  const rejected = data?.rejected ?? [];
  if (rejected.length === 0) {
    return null;
  }
  return (
    <Card title="Refused last" about="These were answered with an error, and are not kept.">
      <ul className="lines">
        {rejected.slice(0, 10).map(({ time, reason }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name
          <li key={index}>
            <div className="what">{reason}</div>
            <span className="soft">
              <Ago time={time} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const columns: Column<Event>[] = [
  {
    title: "Event",
    cell: ({ id, type, providerConfigKey }) => (
      <div>
        <Link to={`/events/${id}`}>{type || "event"}</Link>
        <div className="soft">{providerConfigKey}</div>
      </div>
    ),
  },
  {
    title: "Outcome",
    cell: ({ outcome, reason }) => {
      const { word, tone } = eventOutcome(outcome);
      return (
        <div>
          <Badge tone={tone}>{word}</Badge>
          {reason && <div className="soft">{reason}</div>}
        </div>
      );
    },
  },
  {
    title: "Runs",
    end: true,
    cell: ({ runIds }) => <span className="number">{countText(runIds.length)}</span>,
  },
  { title: "Came", cell: ({ acceptTime }) => <Ago time={acceptTime} /> },
];
