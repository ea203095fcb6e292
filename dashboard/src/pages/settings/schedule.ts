/** The waits between attempts that hold when the settings name none, in seconds. */
export const defaultWaits = [5, 30, 120, 600, 1800, 3600, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** The most waits that a schedule has. */
export const mostWaits = 50;

/** attemptTimes returns when each attempt comes, in seconds after the first. */
export function attemptTimes(waits: number[]): number[] {
  const times = [0];
  for (const wait of waits) {
    times.push((times.at(-1) ?? 0) + wait);
  }
  return times;
}

/** placeOf returns where a time stands on a line from 0 to 1 on which each tenfold takes the same room. */
export function placeOf(time: number, last: number): number {
  return last <= 0 ? 0 : Math.log1p(time) / Math.log1p(last);
}

/** The room that the name of a span takes below the line. */
const room = 0.15;

/** marks returns the spans that are named below the line: those for whose names there is room. */
export function marks(last: number): number[] {
  const named: number[] = [];
  for (const mark of [10, 60, 600, 3600, 21_600, 86_400]) {
    const [place, former] = [placeOf(mark, last), placeOf(named.at(-1) ?? 0, last)];
    if (place - former >= 0.8 * room && 1 - place >= room) {
      named.push(mark);
    }
  }
  return named;
}
