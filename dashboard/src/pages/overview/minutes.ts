import type { DeliveryMinute, GetDeliveryStatsResponse } from "@synchook/client/gen/delivery_pb";
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

/** minutesOf lays the minutes of an answer on a window that ends now. All times are Unix seconds. */
export function minutesOf(stats: GetDeliveryStatsResponse, window: number, now: number): Minutes {
  const byStart = new Map<number, DeliveryMinute["counts"]>();
  for (const { startTime, counts } of stats.minutes) {
    byStart.set(Math.round((dateOf(startTime)?.getTime() ?? 0) / 1000), counts);
  }
  const minutes: Minutes = { times: [], created: [], delivered: [], failed: [], latency: [] };
  const last = now - (now % 60);
  for (let start = last - window + 60; start <= last; start += 60) {
    const counts = byStart.get(start);
    minutes.times.push(start);
    minutes.created.push(Number(counts?.created ?? 0));
    minutes.delivered.push(Number(counts?.delivered ?? 0));
    minutes.failed.push(Number(counts?.failedAttempts ?? 0));
    minutes.latency.push(counts?.latencyP95 && secondsOf(counts.latencyP95) * 1000);
  }
  return minutes;
}
