import { useQuery } from "@connectrpc/connect-query";
import { EventService, type GetEventResponse } from "@synchook/client/gen/event_pb";
import { RunService } from "@synchook/client/gen/run_pb";
import { Link, useParams } from "react-router";
import { useChange } from "../../lib/change.js";
import { usePlace } from "../../lib/session.js";
import { eventOutcome, runState } from "../../lib/states.js";
import { bodyText, countText, sentence } from "../../lib/words.js";
import { Await } from "../../ui/await.js";
import { Badge } from "../../ui/badge.js";
import { Button, Copyable, LinkButton } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Code, Skeleton } from "../../ui/note.js";
import { Facts, Page } from "../../ui/page.js";
import { Ago } from "../../ui/time.js";

/** One is an event: what came of it and why, its runs, and what was sent. */
export default function One() {
  const { id = "" } = useParams();
  const query = useQuery(EventService.method.getEvent, { id }, { refetchInterval: 5_000 });
  return (
    <Page
      title={query.data?.event?.type || "Event"}
      about={<Copyable text={id} label="Copy the event's ID" />}
      actions={
        <>
          <LinkButton to={`/events/${id}/way`}>Follow its way</LinkButton>
          <Replay id={id} />
        </>
      }
    >
      <Await query={query} meanwhile={<Skeleton height={320} />}>
        {(answer) => <Whole answer={answer} />}
      </Await>
    </Page>
  );
}

function Replay({ id }: { id: string }) {
  const { may } = usePlace();
  const replay = useChange(EventService.method.replayEvent, {
    done: ({ runIds }) =>
      runIds.length === 1 ? "A run is queued again." : `${countText(runIds.length)} runs are queued again.`,
    touches: [EventService, RunService],
  });
  return (
    <Button
      look="main"
      disabled={!may("write")}
      busy={replay.isPending}
      onClick={() => replay.mutate({ id })}
    >
      Replay
    </Button>
  );
}

function Whole({ answer: { event, payload, headers } }: { answer: GetEventResponse }) {
  return (
    <div className="stack">
      {event && <Outcome event={event} />}
      <Card title="Payload" about="As the provider sent it.">
        <Code label="The payload" text={bodyText(payload)} />
      </Card>
      <Card title="Headers" about="Those that are kept; signatures are not.">
        <Facts facts={Object.entries(headers).sort()} />
      </Card>
    </div>
  );
}

function Outcome({ event }: { event: NonNullable<GetEventResponse["event"]> }) {
  const { word, tone } = eventOutcome(event.outcome);
  return (
    <Card title="What came of it" actions={<Badge tone={tone}>{word}</Badge>}>
      {event.reason && <p>{sentence(event.reason)}</p>}
      {event.runIds.length > 0 && (
        <ul className="lines">
          {event.runIds.slice(0, 20).map((id) => (
            <OneRun key={id} id={id} />
          ))}
        </ul>
      )}
      {event.runIds.length > 20 && (
        <p>
          <Link to={`/runs?event=${event.id}`}>See all runs</Link>
        </p>
      )}
      <Facts
        facts={[
          ["Integration", event.providerConfigKey],
          ["The provider's ID", event.externalId || "–"],
          ["Came", <Ago key="came" time={event.acceptTime} />],
          ["Replays", countText(event.replays)],
          ["Size", `${countText(event.payloadSize)} bytes`],
        ]}
      />
    </Card>
  );
}

function OneRun({ id }: { id: string }) {
  const { data } = useQuery(RunService.method.getRun, { id }, { refetchInterval: 5_000 });
  const run = data?.run;
  return (
    <li>
      <div className="what">
        <Link to={`/runs/${id}`}>{run ? `${run.syncName} for ${run.connectionId}` : id}</Link>
        {run?.error && <div className="soft">{run.error.split("\n")[0]}</div>}
      </div>
      {run && <Badge tone={runState(run.state).tone}>{runState(run.state).word}</Badge>}
    </li>
  );
}
