import { useQuery } from "@connectrpc/connect-query";
import { DeliveryService } from "@synchook/client/gen/delivery_pb";
import {
  type GetRunResponse,
  type LogLine,
  type Run,
  RunService,
  RunState,
  type SourceExcerpt,
} from "@synchook/client/gen/run_pb";
import { Link, useParams } from "react-router";
import { useChange } from "../../lib/change.js";
import { usePlace } from "../../lib/session.js";
import { deliveryState, runState, triggerText } from "../../lib/states.js";
import { requestRows } from "../../lib/way.js";
import { changesText, countText, dateOf, spanText } from "../../lib/words.js";
import { Await } from "../../ui/await.js";
import { Badge } from "../../ui/badge.js";
import { Button, Copyable } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Code, Skeleton } from "../../ui/note.js";
import { Facts, Page } from "../../ui/page.js";
import { Ago } from "../../ui/time.js";
import { Waterfall } from "../../ui/waterfall.js";
import { took } from "./list.js";

/** One is a run: how it stands, its error, its log, and the webhooks that it owes. */
export default function One() {
  const { id = "" } = useParams();
  const query = useQuery(RunService.method.getRun, { id }, { refetchInterval: 2_000 });
  const run = query.data?.run;
  return (
    <Page
      title={run ? `${run.syncName} for ${run.connectionId}` : "Run"}
      about={<Copyable text={id} label="Copy the run's ID" />}
      actions={run && <Steering run={run} />}
    >
      <Await query={query} meanwhile={<Skeleton height={320} />}>
        {(answer) => <Whole answer={answer} />}
      </Await>
    </Page>
  );
}

/** Steering cancels a run that goes on, and repeats one that has ended. */
function Steering({ run: { id, state } }: { run: Run }) {
  const { may } = usePlace();
  const cancel = useChange(RunService.method.cancelRun, { done: "The run is being cancelled." });
  const retry = useChange(RunService.method.retryRun, { done: ({ id }) => `A new run is queued: ${id}` });
  const goesOn = state === RunState.QUEUED || state === RunState.RUNNING;
  return (
    <Button
      look={goesOn ? "danger" : "main"}
      disabled={!may("write")}
      busy={cancel.isPending || retry.isPending}
      onClick={() => (goesOn ? cancel : retry).mutate({ id })}
    >
      {goesOn ? "Cancel" : "Run it again"}
    </Button>
  );
}

function Whole({ answer: { run, log } }: { answer: GetRunResponse }) {
  const source = log.findLast((line) => line.source)?.source;
  const requests = requestRows(log, dateOf(run?.startTime)?.getTime() ?? 0);
  return (
    <div className="stack">
      {run && <Standing run={run} />}
      {run?.error && (
        <Card title="Error" about="The stack names the lines of the TypeScript source.">
          <Code label="The run's error" text={run.error} />
          {source && <Source source={source} />}
        </Card>
      )}
      {run && requests.length > 0 && (
        <Card title="Requests" about="What the script asked of the external API, and when it was answered.">
          <Waterfall label="The run's requests" rows={requests} />
        </Card>
      )}
      <Card title="Log" about="What the script wrote by nango.log, and what it asked of the external API.">
        {log.length === 0 ? <p className="soft">Nothing was written.</p> : <Log lines={log} />}
      </Card>
      {run && run.deliveryIds.length > 0 && (
        <Card title="Webhooks" about="What its changes are told by, one for each model and endpoint.">
          <ul className="lines">
            {run.deliveryIds.map((id) => (
              <Owed key={id} id={id} />
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}

/** Source shows the lines around the one at which the script failed. */
function Source({ source: { file, line, firstLine, lines } }: { source: SourceExcerpt }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="source" tabIndex={0} aria-label={`The source around line ${line} of ${file}`}>
      <p className="soft">{file}</p>
      <ol start={firstLine}>
        {lines.map((text, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
          <li key={index} {...(firstLine + index === line && { "aria-current": "true" as const })}>
            <span className="number soft">{firstLine + index}</span>
            <code>{text}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Standing({ run }: { run: Run }) {
  const { word, tone } = runState(run.state);
  const seconds = took(run);
  return (
    <Card title="How it stands" actions={<Badge tone={tone}>{word}</Badge>}>
      <Facts
        facts={[
          ["Changed", changesText(run.counts) || "nothing"],
          [
            "By",
            run.eventId ? (
              <Link key="event" to={`/events/${run.eventId}`}>
                {triggerText(run.trigger)}
              </Link>
            ) : (
              triggerText(run.trigger)
            ),
          ],
          ["Integration", run.providerConfigKey],
          ["Attempts", countText(run.attempts)],
          ["Interruptions", countText(run.interruptions)],
          ["Queued", <Ago key="queued" time={run.createTime} />],
          ["Begun", <Ago key="begun" time={run.startTime} never="not yet" />],
          ["Took", seconds === undefined ? "–" : spanText(seconds)],
          ["Next attempt", <Ago key="next" time={run.nextAttemptTime} never="–" />],
        ]}
      />
    </Card>
  );
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

function Log({ lines }: { lines: LogLine[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <ol className="log" tabIndex={0} aria-label="The run's log">
      {lines.map(({ time, level, message }, index) => {
        const at = dateOf(time);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added
          <li key={index}>
            <span className="soft">{at ? clock.format(at) : ""}</span>
            <span>{level}</span>
            <span>{message}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Owed({ id }: { id: string }) {
  const { data } = useQuery(DeliveryService.method.getDelivery, { id }, { refetchInterval: 5_000 });
  const delivery = data?.delivery;
  return (
    <li>
      <div className="what">
        <Link to={`/deliveries/${id}`}>{delivery?.model || id}</Link>
        {delivery?.reason && <div className="soft">{delivery.reason}</div>}
      </div>
      {delivery && (
        <Badge tone={deliveryState(delivery.state).tone}>{deliveryState(delivery.state).word}</Badge>
      )}
    </li>
  );
}
