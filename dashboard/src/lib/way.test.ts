import { create } from "@bufbuild/protobuf";
import { DeliveryState, GetDeliveryResponseSchema } from "@synchook/client/gen/delivery_pb";
import { EventOutcome, EventSchema } from "@synchook/client/gen/event_pb";
import { GetRunResponseSchema, RunState } from "@synchook/client/gen/run_pb";
import { expect, test } from "vitest";
import { scale, wayRows } from "./way.js";

/** at is a time, in milliseconds since the event was accepted. */
const at = (ms: number) => ({ seconds: BigInt(1_000_000 + Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 });
const origin = 1_000_000_000;

const event = create(EventSchema, {
  id: "evt_1",
  type: "issues.opened",
  outcome: EventOutcome.MATCHED,
  acceptTime: at(0),
  runIds: ["run_1"],
});
const run = create(GetRunResponseSchema, {
  run: {
    id: "run_1",
    syncName: "issues",
    connectionId: "user-1",
    state: RunState.SUCCEEDED,
    createTime: at(0),
    startTime: at(10),
    endTime: at(60),
    deliveryIds: ["dlv_1", "dlv_gone"],
    counts: { Issue: { added: 1n } },
  },
  log: [
    { message: "hello" },
    {
      request: {
        method: "GET",
        url: "https://api.example/user",
        startTime: at(20),
        duration: { nanos: 30e6 },
        status: 200,
        attempts: 2,
      },
    },
  ],
});

test("A way has a row for each step, with what it waited for.", () => {
  const delivery = create(GetDeliveryResponseSchema, {
    delivery: { id: "dlv_1", model: "Issue", state: DeliveryState.PENDING, createTime: at(60) },
    reasons: [{ text: "the next attempt is in 2 s" }],
    attemptList: [
      { number: 1, startTime: at(80), duration: { nanos: 5e6 }, status: 500, error: "it answered 500" },
      { number: 2, startTime: at(3085), duration: { nanos: 5e6 }, error: "nobody answers" },
    ],
  });
  const rows = wayRows(event, [run], [delivery], origin + 5000);
  expect(rows.map(({ depth, name, told }) => `${depth} ${name}: ${told}`)).toEqual([
    "0 issues.opened: accepted, matched",
    "1 issues for user-1: +0 s · waited 10 ms for a worker · succeeded after 50 ms · Issue: 1 added",
    "2 GET api.example/user: +20 ms · 200 in 30 ms · 2 attempts",
    "1 webhook Issue: +60 ms · the next attempt is in 2 s",
    "2 attempt 1: +80 ms · waited 20 ms for its endpoint's turn · 500 in 5 ms · it answered 500",
    "2 attempt 2: +3.1 s · waited 3 s for the next attempt's time · no answer in 5 ms · nobody answers",
  ]);
  expect(rows[3]?.spans).toEqual([{ from: origin + 60, until: origin + 5000, tone: "wait" }]);
  expect(rows[5]?.spans).toEqual([
    { from: origin + 85, until: origin + 3085, tone: "wait" },
    { from: origin + 3085, until: origin + 3090, tone: "bad" },
  ]);
});

test("What has not begun yet has waited until now.", () => {
  const queued = create(GetRunResponseSchema, {
    run: { id: "run_1", syncName: "issues", state: RunState.QUEUED, createTime: at(0) },
  });
  const [, row] = wayRows(event, [queued], [], origin + 700);
  expect(row?.spans).toEqual([{ from: origin, until: origin + 700, tone: "wait" }]);
  expect(row?.told).toBe("+0 s · waited 700 ms for a worker");
});

test("Times are drawn in their order, from one end to the other, and a long wait leaves room for the rest.", () => {
  const place = scale([0, 10, 20, 3_600_020, 3_600_030]);
  const places = [0, 10, 20, 3_600_020, 3_600_030].map(place);
  expect(places[0]).toBe(0);
  expect(places[4]).toBeCloseTo(100);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(place(10)).toBeGreaterThan(5);
  expect(place(20) - place(10)).toBeCloseTo(place(10));
  expect(scale([])(0)).toBe(0);
  expect(scale([7])(7)).toBe(0);
});
