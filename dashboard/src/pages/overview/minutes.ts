import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { GetDeliveryStatsResponse } from "@synchook/client/gen/delivery_pb";
import type { GetActivityResponse } from "@synchook/client/gen/project_pb";
import { dateOf, secondsOf } from "../../lib/words.js";

/** Minutes are what a chart shows: one value for each minute of a window, those in which nothing happened too. */
export interface Minutes {
  times: number[];
  created: number[];
  delivered: number[];
  failed: number[];
  /** In milliseconds; undefined: nothing was sent in that minute. */
  latency: (number | undefined)[];
}

/** laid lays the minutes of an answer on a window that ends now. All times are Unix seconds. */
function laid<Counts>(
  minutes: { startTime?: Timestamp | undefined; counts?: Counts | undefined }[],
  window: number,
  now: number,
): { start: number; counts: Counts | undefined }[] {
  const byStart = new Map<number, Counts | undefined>();
  for (const { startTime, counts } of minutes) {
    byStart.set(Math.round((dateOf(startTime)?.getTime() ?? 0) / 1000), counts);
  }
  const all = [];
  const last = now - (now % 60);
  for (let start = last - window + 60; start <= last; start += 60) {
    all.push({ start, counts: byStart.get(start) });
  }
  return all;
}

/** minutesOf are the minutes of deliveries. */
export function minutesOf(stats: GetDeliveryStatsResponse, window: number, now: number): Minutes {
  const all = laid(stats.minutes, window, now);
  return {
    times: all.map(({ start }) => start),
    created: all.map(({ counts }) => Number(counts?.created ?? 0)),
    delivered: all.map(({ counts }) => Number(counts?.delivered ?? 0)),
    failed: all.map(({ counts }) => Number(counts?.failedAttempts ?? 0)),
    latency: all.map(({ counts }) => counts?.latencyP95 && secondsOf(counts.latencyP95) * 1000),
  };
}

/** ActivityMinutes are those of events and runs. */
export interface ActivityMinutes {
  times: number[];
  events: number[];
  runs: number[];
  failed: number[];
}

/** activityOf are the minutes of events and runs. */
export function activityOf(activity: GetActivityResponse, window: number, now: number): ActivityMinutes {
  const all = laid(activity.minutes, window, now);
  return {
    times: all.map(({ start }) => start),
    events: all.map(({ counts }) => Number(counts?.events ?? 0)),
    runs: all.map(({ counts }) => Number(counts?.runs ?? 0)),
    failed: all.map(({ counts }) => Number(counts?.failedRuns ?? 0)),
  };
}
