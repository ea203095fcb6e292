import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useSyncExternalStore } from "react";
import { agoText, dateOf } from "../lib/words.js";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now(); // nobody has looked at it since the last listener left
  }
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) {
      each();
    }
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** useNow returns the time, and anew each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Ago says how long ago a time is, or in how long it comes; pointing at it shows the time. */
export function Ago({ time, never = "never" }: { time: Timestamp | undefined; never?: string }) {
  const at = dateOf(time);
  const from = useNow();
  if (!at) {
    return <span className="soft">{never}</span>;
  }
  return (
    <time className="number" dateTime={at.toISOString()} title={whole.format(at)}>
      {agoText(at, Math.max(from, 0))}
    </time>
  );
}
