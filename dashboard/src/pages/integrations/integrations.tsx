import { useQuery } from "@connectrpc/connect-query";
import { EventService } from "@synchook/client/gen/event_pb";
import { type Integration, IntegrationService } from "@synchook/client/gen/integration_pb";
import { Plug } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useChange } from "../../lib/change.js";
import { usePages } from "../../lib/pages.js";
import { usePlace } from "../../lib/session.js";
import { eventOutcome } from "../../lib/states.js";
import { Badge } from "../../ui/badge.js";
import { Button, Copyable } from "../../ui/button.js";
import { Confirm } from "../../ui/dialog.js";
import { Empty } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";
import { IntegrationDialog } from "./dialog.js";

/** Integrations are the providers that are set up in the project, with the URL that each is given. */
export default function Integrations() {
  const { may } = usePlace();
  const [making, setMaking] = useState(false);
  const rows = usePages(
    IntegrationService.method.listIntegrations,
    { pageSize: 100 },
    { rows: (page) => page.integrations, every: 10_000 },
  );
  const add = (
    <Button look="main" disabled={!may("write")} onClick={() => setMaking(true)}>
      Add an integration
    </Button>
  );
  return (
    <Page
      title="Integrations"
      about="The external APIs that send you their webhooks, and that your syncs ask."
      actions={rows.rows.length > 0 && add}
    >
      <Table
        label="Integrations"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={<Plug />} title="No provider is set up yet" action={add}>
            An integration has a URL that you give to the provider, such as GitHub, and the secret that it
            signs its webhooks with.
          </Empty>
        }
      />
      {making && <IntegrationDialog onClose={() => setMaking(false)} />}
    </Page>
  );
}

/** urlOf is what the provider is given: the server's own address stands for one that it was not told. */
function urlOf({ webhookUrl, webhookPath }: Integration): string {
  return webhookUrl || window.location.origin + webhookPath;
}

/** Where each provider says how a webhook is set up. */
const pages: Record<string, { name: string; url: string }> = {
  github: { name: "GitHub", url: "https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks" },
  "standard-webhooks": { name: "Standard Webhooks", url: "https://www.standardwebhooks.com" },
};

function ProviderLink({ provider }: { provider: string }) {
  const page = pages[provider];
  return page ? (
    <a href={page.url} target="_blank" rel="noreferrer">
      {page.name}
    </a>
  ) : (
    provider
  );
}

/** LastEvent is when the provider sent something last, and whether it set something off. */
function LastEvent({ integration: { providerConfigKey, lastEventTime } }: { integration: Integration }) {
  const { data } = useQuery(
    EventService.method.listEvents,
    { providerConfigKey, pageSize: 1 },
    { refetchInterval: 10_000 },
  );
  const [event] = data?.events ?? [];
  if (!event) {
    return <Ago time={lastEventTime} never="none yet" />;
  }
  const { word, tone } = eventOutcome(event.outcome);
  return (
    <Link to={`/events/${event.id}`} className="row">
      <Badge tone={tone}>{word}</Badge>
      <Ago time={event.acceptTime} />
    </Link>
  );
}

const columns: Column<Integration>[] = [
  {
    title: "Integration",
    cell: ({ providerConfigKey, provider }) => (
      <div>
        <strong>{providerConfigKey}</strong>
        <div className="soft">
          <ProviderLink provider={provider} />
        </div>
      </div>
    ),
  },
  {
    title: "URL for the provider",
    cell: (integration) => <Copyable text={urlOf(integration)} label="Copy the URL" />,
  },
  {
    title: "Secrets",
    cell: ({ webhookSecretCount: count }) =>
      count > 0 ? (
        <span className="number">{count}</span>
      ) : (
        <Badge tone="warn">none: all webhooks are refused</Badge>
      ),
  },
  { title: "Last event", cell: (integration) => <LastEvent integration={integration} /> },
  {
    title: "Look at",
    cell: ({ providerConfigKey: key }) => (
      <span className="row">
        <Link to={`/events?integration=${encodeURIComponent(key)}`}>Events</Link>
        <Link to={`/connections?integration=${encodeURIComponent(key)}`}>Connections</Link>
      </span>
    ),
  },
  { title: "", end: true, cell: (integration) => <Actions integration={integration} /> },
];

function Actions({ integration }: { integration: Integration }) {
  const { may } = usePlace();
  const [editing, setEditing] = useState(false);
  const key = integration.providerConfigKey;
  const remove = useChange(IntegrationService.method.deleteIntegration, {
    done: `The integration ${key} is deleted.`,
  });
  return (
    <span className="row">
      <Button look="quiet" disabled={!may("write")} onClick={() => setEditing(true)}>
        Edit
      </Button>
      <Confirm
        trigger={(ask) => (
          <Button look="quiet" disabled={!may("write")} onClick={ask}>
            Delete
          </Button>
        )}
        title={`Delete ${key}?`}
        about="Its syncs are deleted too, and what the provider sends is refused from then on. It must have no connections."
        action="Delete it"
        onConfirm={() => remove.mutate({ providerConfigKey: key })}
      />
      {editing && <IntegrationDialog integration={integration} onClose={() => setEditing(false)} />}
    </span>
  );
}
