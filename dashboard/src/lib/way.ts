import type { Attempt, GetDeliveryResponse } from "@synchook/client/gen/delivery_pb";
import type { Event } from "@synchook/client/gen/event_pb";
import type { GetRunResponse, LoggedRequest, LogLine, Run } from "@synchook/client/gen/run_pb";
import type { Tone } from "../ui/badge.js";
import { deliveryState, eventOutcome, runState } from "./states.js";
import { changesText, countText, dateOf, secondsOf, spanText } from "./words.js";

/** Span is a time in which something went on, or was waited for, in milliseconds. */
export interface Span {
  from: number;
  until: number;
  tone: Tone | "wait";
}

/** Row is one step: what it was, and its spans. */
export interface Row {
  key: string;
  /** How far it is set in: a step of what stands above it. */
  depth: 0 | 1 | 2;
  name: string;
  /** The page about it. */
  to?: string;
  /** When it began, how long it took, and what it waited for. */
  told: string;
  spans: Span[];
}

const msOf = (time: Parameters<typeof dateOf>[0]) => dateOf(time)?.getTime();

/**
 * scale returns where a time is drawn, in per cent. Between two times at which something happened it is even, but a
 * long pause takes little more room than a short one: else a retry after an hour would leave nothing of the rest to see.
 */
export function scale(times: number[]): (time: number) => number {
  const marks = [...new Set(times)].sort((a, b) => a - b);
  const ends: number[] = [0];
  for (let i = 1; i < marks.length; i++) {
    ends.push((ends[i - 1] ?? 0) + Math.log1p((marks[i] ?? 0) - (marks[i - 1] ?? 0)));
  }
  const whole = ends.at(-1) || 1;
  const places = new Map(marks.map((mark, i) => [mark, (100 * (ends[i] ?? 0)) / whole]));
  return (time) => places.get(time) ?? 0;
}

/** requestRows are a run's requests to the external API, as its log tells of them. */
export function requestRows(log: LogLine[], origin: number, depth: Row["depth"] = 0): Row[] {
  return log.flatMap(({ request }, index) =>
    request ? [requestRow(request, origin, depth, `request ${index}`)] : [],
  );
}

function requestRow(request: LoggedRequest, origin: number, depth: Row["depth"], key: string): Row {
  const { method, url, startTime, duration, status, attempts, error } = request;
  const from = msOf(startTime) ?? origin;
  const until = from + 1000 * secondsOf(duration);
  const good = status >= 200 && status < 400;
  const parts = [
    after(from, origin),
    `${status || "no answer"} in ${spanText(secondsOf(duration))}`,
    attempts > 1 && `${countText(attempts)} attempts`,
    !status && error,
  ];
  return {
    key,
    depth,
    name: `${method} ${url.replace(/^https?:\/\//, "")}`,
    told: parts.filter(Boolean).join(" · "),
    spans: [{ from, until, tone: good ? "info" : "bad" }],
  };
}

/** after says when something began, counted from the first of all. */
function after(time: number, origin: number): string {
  return `+${spanText(Math.max(0, time - origin) / 1000)}`;
}

/** wayRows are all steps of an event, up to each attempt to tell an endpoint what came of it. */
export function wayRows(
  event: Event,
  runs: GetRunResponse[],
  deliveries: GetDeliveryResponse[],
  now: number,
): Row[] {
  const origin = msOf(event.acceptTime) ?? now;
  const { word, tone } = eventOutcome(event.outcome);
  const rows: Row[] = [
    {
      key: event.id,
      depth: 0,
      name: event.type || "event",
      to: `/events/${event.id}`,
      told: `accepted, ${word}`,
      spans: [{ from: origin, until: origin, tone }],
    },
  ];
  for (const { run, log } of runs) {
    if (run) {
      rows.push(runRow(run, origin, now), ...requestRows(log, origin, 2));
      for (const id of run.deliveryIds) {
        const answer = deliveries.find(({ delivery }) => delivery?.id === id);
        rows.push(...(answer ? deliveryRows(answer, origin, now) : []));
      }
    }
  }
  return rows;
}

function runRow(run: Run, origin: number, now: number): Row {
  const made = msOf(run.createTime) ?? origin;
  const end = msOf(run.endTime) ?? now;
  const start = msOf(run.startTime) ?? end;
  const { word, tone } = runState(run.state);
  const spans: Span[] = [{ from: made, until: start, tone: "wait" }];
  if (run.startTime) {
    spans.push({ from: start, until: end, tone });
  }
  const parts = [
    after(made, origin),
    `waited ${spanText((start - made) / 1000)} for a worker`,
    run.startTime && `${word} after ${spanText((end - start) / 1000)}`,
    run.attempts > 1 && `${countText(run.attempts)} attempts`,
    changesText(run.counts),
  ];
  return {
    key: run.id,
    depth: 1,
    name: `${run.syncName} for ${run.connectionId}`,
    to: `/runs/${run.id}`,
    told: parts.filter(Boolean).join(" · "),
    spans,
  };
}

function deliveryRows(
  { delivery, attemptList, reasons }: GetDeliveryResponse,
  origin: number,
  now: number,
): Row[] {
  if (!delivery) {
    return [];
  }
  const made = msOf(delivery.createTime) ?? origin;
  const end = msOf(delivery.endTime) ?? now;
  const { word } = deliveryState(delivery.state);
  const head: Row = {
    key: delivery.id,
    depth: 1,
    name: `webhook ${delivery.model || delivery.operationalType}`,
    to: `/deliveries/${delivery.id}`,
    told: [
      after(made, origin),
      delivery.endTime ? `${word} after ${spanText((end - made) / 1000)}` : (reasons[0]?.text ?? word),
    ].join(" · "),
    spans: [{ from: made, until: end, tone: "wait" }],
  };
  let waitedFrom = made;
  const attempts = attemptList.map((attempt): Row => {
    const row = attemptRow(delivery.id, attempt, waitedFrom, origin);
    waitedFrom = row.spans.at(-1)?.until ?? waitedFrom;
    return row;
  });
  return [head, ...attempts];
}

function attemptRow(delivery: string, attempt: Attempt, waitedFrom: number, origin: number): Row {
  const { number, startTime, duration, status, error } = attempt;
  const from = msOf(startTime) ?? waitedFrom;
  const until = from + 1000 * secondsOf(duration);
  const wait = Math.max(0, from - waitedFrom);
  const good = status >= 200 && status < 300;
  const parts = [
    after(from, origin),
    `waited ${spanText(wait / 1000)} for ${number === 1 ? "its endpoint's turn" : "the next attempt's time"}`,
    `${status || "no answer"} in ${spanText(secondsOf(duration))}`,
    !good && error,
  ];
  return {
    key: `${delivery} ${number}`,
    depth: 2,
    name: `attempt ${number}`,
    told: parts.filter(Boolean).join(" · "),
    spans: [
      ...(wait > 0 ? [{ from: waitedFrom, until: from, tone: "wait" as const }] : []),
      { from, until, tone: good ? "good" : "bad" },
    ],
  };
}
