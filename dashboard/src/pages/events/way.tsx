import { createQueryOptions, useQuery, useTransport } from "@connectrpc/connect-query";
import { DeliveryService } from "@synchook/client/gen/delivery_pb";
import { EventService, type GetEventResponse } from "@synchook/client/gen/event_pb";
import { RunService } from "@synchook/client/gen/run_pb";
import { useQueries } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { wayRows } from "../../lib/way.js";
import { countText } from "../../lib/words.js";
import { Await } from "../../ui/await.js";
import { LinkButton } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Skeleton } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { useNow } from "../../ui/time.js";
import { Waterfall } from "../../ui/waterfall.js";

/** How many runs, and deliveries of all of them, are drawn. */
const [mostRuns, mostDeliveries] = [20, 60];

/** Way is the picture of one event's way: through its runs to each attempt to tell an endpoint. */
export default function Way() {
  const { id = "" } = useParams();
  const query = useQuery(EventService.method.getEvent, { id }, { refetchInterval: 3_000 });
  const type = query.data?.event?.type;
  return (
    <Page
      title={type ? `The way of ${type}` : "The way of an event"}
      about="When each step began, how long it took, and what it waited for."
      actions={<LinkButton to={`/events/${id}`}>The event</LinkButton>}
    >
      <Await query={query} meanwhile={<Skeleton height={320} />}>
        {(answer) => <Picture answer={answer} />}
      </Await>
    </Page>
  );
}

function Picture({ answer: { event } }: { answer: GetEventResponse }) {
  const transport = useTransport();
  const now = useNow();
  const runIds = event?.runIds ?? [];
  const runs = useQueries({
    queries: runIds.slice(0, mostRuns).map((id) => ({
      ...createQueryOptions(RunService.method.getRun, { id }, { transport }),
      refetchInterval: 2_000,
    })),
  }).flatMap(({ data }) => (data ? [data] : []));
  const deliveryIds = runs.flatMap(({ run }) => run?.deliveryIds ?? []);
  const deliveries = useQueries({
    queries: deliveryIds.slice(0, mostDeliveries).map((id) => ({
      ...createQueryOptions(DeliveryService.method.getDelivery, { id }, { transport }),
      refetchInterval: 2_000,
    })),
  }).flatMap(({ data }) => (data ? [data] : []));
  if (!event) {
    return null;
  }
  const more = runIds.length > mostRuns || deliveryIds.length > mostDeliveries;
  return (
    <Card
      title="What happened"
      about="A line is a wait, a bar is work. Long waits are drawn shorter than they were; the numbers are exact."
    >
      <Waterfall label="The steps of the event" rows={wayRows(event, runs, deliveries, now)} />
      {runIds.length === 0 && <p className="soft">It set nothing off. {event.reason}</p>}
      {more && (
        <p>
          Drawn are the first {countText(mostRuns)} runs and {countText(mostDeliveries)} webhooks.{" "}
          <Link to={`/runs?event=${event.id}`}>See all runs</Link>
        </p>
      )}
    </Card>
  );
}
