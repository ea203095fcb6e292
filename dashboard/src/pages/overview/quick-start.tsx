import { useQuery } from "@connectrpc/connect-query";
import { ConnectionService } from "@synchook/client/gen/connection_pb";
import { DeliveryService, DeliveryState } from "@synchook/client/gen/delivery_pb";
import { EventService } from "@synchook/client/gen/event_pb";
import { IntegrationService } from "@synchook/client/gen/integration_pb";
import { ProjectService } from "@synchook/client/gen/project_pb";
import { SyncService } from "@synchook/client/gen/sync_pb";
import { Circle, CircleCheck } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { Card } from "../../ui/card.js";

/** Step is a thing to do before the first webhook comes. */
interface Step {
  title: ReactNode;
  about: ReactNode;
  /** Undefined: that is not known yet. */
  done: boolean | undefined;
}

/** QuickStart leads from nothing to the first webhook received. Each step ticks itself off as it happens. */
export function QuickStart() {
  const steps = useSteps();
  const done = steps.every(({ done }) => done);
  const known = steps.every(({ done }) => done !== undefined);
  const [begun, setBegun] = useState(false);
  if (known && !done && !begun) {
    setBegun(true);
  }
  if (!begun) {
    return null; // it is all done, or nobody knows yet
  }
  const next = steps.findIndex(({ done }) => !done);
  return (
    <Card
      title={done ? "Your first webhook was received" : "Quick start"}
      about={done ? "That is the whole way. This goes away." : "From nothing to the first webhook received."}
    >
      <ol className="steps">
        {steps.map(({ title, about, done }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the steps are always the same
          <li key={index} data-done={done} aria-current={index === next ? "step" : undefined}>
            {done ? <CircleCheck size={18} aria-hidden /> : <Circle size={18} aria-hidden />}
            <div>
              <strong>{title}</strong>
              <span className="hidden-text">{done ? " (done)" : ""}</span>
              {index === next && <div className="soft">{about}</div>}
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}

const often = { refetchInterval: 3_000 };
const one = { pageSize: 1 };

function useSteps(): Step[] {
  const { data: settings } = useQuery(ProjectService.method.getProjectSettings, {}, often);
  const { data: integrations } = useQuery(IntegrationService.method.listIntegrations, one, often);
  const { data: connections } = useQuery(ConnectionService.method.listConnections, one, often);
  const { data: syncs } = useQuery(SyncService.method.listSyncs, {}, often);
  const { data: events } = useQuery(EventService.method.listEvents, one, often);
  const delivered = { ...one, state: DeliveryState.DELIVERED };
  const { data: deliveries } = useQuery(DeliveryService.method.listDeliveries, delivered, often);
  const any = (list: unknown[] | undefined) => list && list.length > 0;
  return [
    {
      title: <Link to="/settings">Set the webhook URL</Link>,
      about: "Where your app gets its webhooks. Without it nothing is sent.",
      done: settings && settings.webhookUrl !== "",
    },
    {
      title: <Link to="/integrations">Add an integration</Link>,
      about: "The provider, such as GitHub, and the secret that it signs its webhooks with.",
      done: any(integrations?.integrations),
    },
    {
      title: <Link to="/connections">Connect an account</Link>,
      about: "A customer's credentials, and what tells which webhooks are theirs.",
      done: any(connections?.connections),
    },
    {
      title: <Link to="/syncs">Deploy a sync</Link>,
      about: (
        <>
          <code>synchook deploy</code> uploads the scripts of a folder, such as{" "}
          <code>examples/github-issues</code>.
        </>
      ),
      done: any(syncs?.syncs),
    },
    {
      title: <Link to="/events">Have the provider send a webhook</Link>,
      about: "Give it the integration's URL, and do something there: open an issue. Or run the sync by hand.",
      done: any(events?.events) || any(deliveries?.deliveries),
    },
    {
      title: <Link to="/deliveries">Receive your first webhook</Link>,
      about: "It is sent when a sync has changed records, and again until your app answers 2xx.",
      done: any(deliveries?.deliveries),
    },
  ];
}
