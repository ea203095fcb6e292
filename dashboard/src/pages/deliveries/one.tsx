import { useQuery } from "@connectrpc/connect-query";
import {
  type Attempt,
  type Delivery,
  DeliveryService,
  DeliveryState,
  type GetDeliveryResponse,
  type Reason,
} from "@synchook/client/gen/delivery_pb";
import { EndpointService } from "@synchook/client/gen/endpoint_pb";
import { Link, useParams } from "react-router";
import { useChange } from "../../lib/change.js";
import { usePlace } from "../../lib/session.js";
import { deliveryState } from "../../lib/states.js";
import { bodyText, dateOf, secondsOf, sentence, spanText } from "../../lib/words.js";
import { Await } from "../../ui/await.js";
import { Badge } from "../../ui/badge.js";
import { Button, Copyable } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Message } from "../../ui/message.js";
import { Code, Skeleton } from "../../ui/note.js";
import { Facts, Page } from "../../ui/page.js";
import { Ago } from "../../ui/time.js";

/** One is a delivery: why it stands as it does, its attempts, and what is sent. */
export default function One() {
  const { id = "" } = useParams();
  const query = useQuery(DeliveryService.method.getDelivery, { id }, { refetchInterval: 3_000 });
  return (
    <Page
      title={query.data?.delivery?.model || query.data?.delivery?.operationalType || "Delivery"}
      about={<Copyable text={id} label="Copy the delivery's ID" />}
      actions={<Retry delivery={query.data?.delivery} />}
    >
      <Await query={query} meanwhile={<Skeleton height={320} />}>
        {(answer) => <Whole answer={answer} />}
      </Await>
    </Page>
  );
}

function Whole({ answer }: { answer: GetDeliveryResponse }) {
  const { delivery, reasons, attemptList, body } = answer;
  return (
    <div className="stack">
      {delivery && <Standing delivery={delivery} reasons={reasons} />}
      <Card title="Attempts" about="Each request that was made for it, and what came back.">
        {attemptList.length === 0 ? (
          <p className="soft">None was made yet.</p>
        ) : (
          <ol className="attempts">
            {attemptList.map((attempt, index) => (
              <OneAttempt key={attempt.number} attempt={attempt} former={attemptList[index - 1]} />
            ))}
          </ol>
        )}
      </Card>
      <Card title="What is sent" about="The same bytes on each attempt, signed anew.">
        <Code label="The webhook's body" text={bodyText(body)} />
      </Card>
    </div>
  );
}

function Retry({ delivery }: { delivery: Delivery | undefined }) {
  const { may } = usePlace();
  const retry = useChange(DeliveryService.method.retryDelivery, {
    done: "It is attempted as soon as a worker comes to it.",
  });
  if (!delivery) {
    return null;
  }
  const again = delivery.state !== DeliveryState.PENDING;
  return (
    <Button
      look="main"
      disabled={!may("write")}
      busy={retry.isPending}
      onClick={() => retry.mutate({ id: delivery.id })}
    >
      {again ? "Send it again" : "Try now"}
    </Button>
  );
}

function Standing({ delivery, reasons }: { delivery: Delivery; reasons: Reason[] }) {
  const { word, tone } = deliveryState(delivery.state);
  const { data: endpoint } = useQuery(EndpointService.method.getEndpoint, { id: delivery.endpointId });
  return (
    <Card title="How it stands" actions={<Badge tone={tone}>{word}</Badge>}>
      <ul className="lines">
        {reasons.map(({ kind, text, deliveryId }) => (
          <li key={kind}>
            <div className="what">
              {sentence(text)} {deliveryId && <Link to={`/deliveries/${deliveryId}`}>Look at that one</Link>}
            </div>
          </li>
        ))}
      </ul>
      <Facts
        facts={[
          [
            "Endpoint",
            <Link key="endpoint" to={`/settings/endpoints?id=${delivery.endpointId}`}>
              {endpoint?.name || endpoint?.url || delivery.endpointId}
            </Link>,
          ],
          ["Sync", delivery.syncName || "–"],
          ["Connection", delivery.connectionId || "–"],
          [
            "Run",
            delivery.runId ? (
              <Link key="run" to={`/runs/${delivery.runId}`}>
                {delivery.runId}
              </Link>
            ) : (
              "–"
            ),
          ],
          ["Made", <Ago key="made" time={delivery.createTime} />],
          ["Ended", <Ago key="ended" time={delivery.endTime} never="not yet" />],
        ]}
      />
    </Card>
  );
}

/** OneAttempt is one request, and how long nothing happened before it. */
function OneAttempt({ attempt, former }: { attempt: Attempt; former: Attempt | undefined }) {
  const { number, startTime, duration, status, error, url, requestHeaders, response, responseHeaders } =
    attempt;
  const good = status >= 200 && status < 300;
  return (
    <li>
      <span className={`dot ${good ? "good" : ""}`} aria-hidden />
      <div>
        {former && <div className="wait">after {spanText(gap(former, attempt))}</div>}
        <strong>
          Attempt {number}: {status || "no answer"}
        </strong>{" "}
        <span className="soft">
          in {spanText(secondsOf(duration))}, <Ago time={startTime} />
        </span>
        {error && <div className="soft">{sentence(error)}</div>}
        {url && (
          <Message
            title="What was sent"
            label={`The request of attempt ${number}`}
            first={`POST ${url}`}
            headers={requestHeaders}
          />
        )}
        {(response.length > 0 || Object.keys(responseHeaders).length > 0) && (
          <Message
            title="What it answered"
            label={`The answer to attempt ${number}`}
            headers={responseHeaders}
            body={response}
          />
        )}
      </div>
    </li>
  );
}

/** gap is how long nothing happened between two attempts, in seconds. */
function gap(former: Attempt, next: Attempt): number {
  const [from, to] = [dateOf(former.startTime), dateOf(next.startTime)];
  return from && to ? Math.max(0, (to.getTime() - from.getTime()) / 1000 - secondsOf(former.duration)) : 0;
}
