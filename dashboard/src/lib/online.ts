import { useSyncExternalStore } from "react";
import { type Explained, explain } from "./fault.js";

/** What keeps the dashboard from its server at the moment; undefined: nothing. */
let trouble: Explained | undefined;
let asking = false;
const listeners = new Set<() => void>();

function set(next: Explained | undefined): void {
  if (trouble?.title !== next?.title) {
    trouble = next;
    for (const listener of listeners) {
      listener();
    }
  }
}

/** noteAnswer says that the server answered. */
export function noteAnswer(): void {
  set(undefined);
}

/** noteFault looks at a fault of a request: one that passes is shown above all pages, and asked after until it has. */
export function noteFault(error: unknown, back: () => void): void {
  const explained = explain(error);
  if (!explained.passes) {
    return;
  }
  set(explained);
  if (!asking) {
    asking = true;
    setTimeout(() => askAgain(back), 1500);
  }
}

async function askAgain(back: () => void): Promise<void> {
  const ready = await fetch("/readyz").then(
    (response) => response.ok,
    () => false,
  );
  if (ready) {
    asking = false;
    noteAnswer();
    back();
  } else {
    setTimeout(() => askAgain(back), 1500);
  }
}

/** useTrouble returns what keeps the dashboard from its server at the moment. */
export function useTrouble(): Explained | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => trouble,
  );
}
