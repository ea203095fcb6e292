import type { ReactNode } from "react";

/** Tone is what a colour says; the words beside it say it too. */
export type Tone = "good" | "warn" | "bad" | "info" | "mute";

/** Badge names a state. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`badge tone-${tone}`}>{children}</span>;
}
