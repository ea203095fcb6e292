import { create } from "@bufbuild/protobuf";
import { GetDeliveryStatsResponseSchema } from "@synchook/client/gen/delivery_pb";
import { GetActivityResponseSchema } from "@synchook/client/gen/project_pb";
import { expect, test } from "vitest";
import { activityOf, minutesOf } from "./minutes.js";

test("Minutes in which nothing happened are on the chart as zero.", () => {
  const stats = create(GetDeliveryStatsResponseSchema, {
    minutes: [
      {
        startTime: { seconds: 1_000_020n },
        counts: { created: 3n, delivered: 2n, latencyP95: { nanos: 5e6 } },
      },
      { startTime: { seconds: 1_000_140n }, counts: { failedAttempts: 1n } },
    ],
  });
  expect(minutesOf(stats, 240, 1_000_150)).toEqual({
    times: [999_960, 1_000_020, 1_000_080, 1_000_140],
    created: [0, 3, 0, 0],
    delivered: [0, 2, 0, 0],
    failed: [0, 0, 0, 1],
    latency: [undefined, 5, undefined, undefined],
  });
});

test("So are those of events and runs.", () => {
  const activity = create(GetActivityResponseSchema, {
    minutes: [{ startTime: { seconds: 1_000_080n }, counts: { events: 4n, runs: 3n, failedRuns: 1n } }],
  });
  expect(activityOf(activity, 180, 1_000_150)).toEqual({
    times: [1_000_020, 1_000_080, 1_000_140],
    events: [0, 4, 0],
    runs: [0, 3, 0],
    failed: [0, 1, 0],
  });
});
