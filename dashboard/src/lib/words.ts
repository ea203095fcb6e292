import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

/** dateOf returns a time of the API as a Date. */
export function dateOf(time: Timestamp | undefined): Date | undefined {
  return time && new Date(Number(time.seconds) * 1000 + time.nanos / 1e6);
}

/** secondsOf returns a span of the API in seconds. */
export function secondsOf(span: Duration | undefined): number {
  return span ? Number(span.seconds) + span.nanos / 1e9 : 0;
}

/** spanOf returns seconds as a span of the API. */
export function spanOf(seconds: number): { seconds: bigint; nanos: number } {
  const whole = Math.trunc(seconds);
  return { seconds: BigInt(whole), nanos: Math.round((seconds - whole) * 1e9) };
}

const units: [string, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** spanText says a span in its two largest units, such as "2 min 30 s", and one below a second in ms. */
export function spanText(seconds: number): string {
  if (seconds < 1) {
    return seconds <= 0 ? "0 s" : `${Math.max(1, Math.round(seconds * 1000))} ms`;
  }
  if (seconds < 10 && !Number.isInteger(seconds)) {
    return `${seconds.toFixed(1)} s`;
  }
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0 && parts.length < 2) {
      parts.push(`${count} ${unit}`);
    } else if (parts.length > 0) {
      break;
    }
    rest -= count * size;
  }
  return parts.join(" ");
}

const inWords: Record<string, number> = { ms: 0.001, s: 1, sec: 1, m: 60, min: 60, h: 3_600, d: 86_400 };

/** readSpan reads what a person writes for a span, such as "90", "2m 30s" or "1.5 h". Undefined: it is none. */
export function readSpan(text: string): number | undefined {
  const parts = text.toLowerCase().matchAll(/\s*(\d+(?:\.\d+)?)\s*(ms|sec|s|min|m|h|d)?\s*/gy);
  let [seconds, length] = [0, 0];
  for (const [whole, count, unit = "s"] of parts) {
    seconds += Number(count) * (inWords[unit] ?? 1);
    length += whole.length;
  }
  return length > 0 && length === text.length ? seconds : undefined;
}

/** agoText says how long ago a time is, or in how long it comes. */
export function agoText(time: Date, now: number): string {
  const seconds = Math.round((now - time.getTime()) / 1000);
  if (Math.abs(seconds) < 2) {
    return "now";
  }
  const [largest] = spanText(Math.abs(seconds)).match(/^\d+ \S+/) ?? [""];
  return seconds > 0 ? `${largest} ago` : `in ${largest}`;
}

const many = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** countText writes a number for people, such as "12,345". */
export function countText(count: number | bigint): string {
  return many.format(count);
}

/** partText writes a part of a whole in per cent. */
export function partText(part: number | undefined): string {
  return part === undefined ? "–" : `${many.format(part * 100)} %`;
}

/** bodyText writes bytes for people: JSON with its structure, other text as it is. */
export function bodyText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** sentence gives a message a capital letter and a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}

/** changesText says what a run changed, such as "Issue: 2 added, 1 deleted". Empty: nothing. */
export function changesText(
  counts: Readonly<Record<string, { added: bigint; updated: bigint; deleted: bigint }>>,
): string {
  return Object.entries(counts)
    .map(([model, { added, updated, deleted }]) => {
      const parts = [
        added > 0n && `${countText(added)} added`,
        updated > 0n && `${countText(updated)} updated`,
        deleted > 0n && `${countText(deleted)} deleted`,
      ].filter(Boolean);
      return parts.length > 0 ? `${model}: ${parts.join(", ")}` : "";
    })
    .filter(Boolean)
    .join("; ");
}
