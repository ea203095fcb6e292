import { useEffect, useRef, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** Line is one line of a chart. */
export interface Line {
  name: string;
  /** The token of its colour, such as "--good". */
  colour: string;
  /** Its values, one for each time; undefined: there is none. */
  values: (number | undefined)[];
}

interface ChartProps {
  /** What the chart shows, in a sentence with its most telling figures, for those who do not see it. */
  label: string;
  /** The times, in Unix seconds. */
  times: number[];
  lines: Line[];
  height?: number;
  /** Writes a value. */
  text?: (value: number) => string;
}

const dark = matchMedia("(prefers-color-scheme: dark)");

/** onTheme calls back when the theme changes: the system's or the chosen one. */
function onTheme(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  dark.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    dark.removeEventListener("change", listener);
  };
}

const themeNow = () => `${document.documentElement.dataset.theme ?? ""}${dark.matches}`;

/** Chart draws lines over time. It follows the width of its place and the theme. */
export function Chart({ label, times, lines, height = 150, text = String }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const theme = useSyncExternalStore(onTheme, themeNow);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the theme, the colours change
  useEffect(() => {
    const node = place.current;
    if (!node) {
      return;
    }
    const data: uPlot.AlignedData = [times, ...lines.map(({ values }) => values)];
    const plot = new uPlot(optionsOf({ node, lines, height, text }), data, node);
    const observer = new ResizeObserver(() => plot.setSize({ width: node.clientWidth, height }));
    observer.observe(node);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, lines, height, text, theme]);
  return (
    <figure>
      <div ref={place} className="chart" style={{ height }} role="img" aria-label={label} />
      <figcaption className="chart-keys">
        {lines.map(({ name, colour }) => (
          <span key={name}>
            <i style={{ background: `var(${colour})` }} />
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

interface Drawn extends Required<Pick<ChartProps, "lines" | "height" | "text">> {
  node: HTMLElement;
}

function optionsOf({ node, lines, height, text }: Drawn): uPlot.Options {
  const colour = (token: string) => resolved(node, `var(${token})`);
  const axis = {
    stroke: colour("--text-soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: node.clientWidth,
    height,
    padding: [8, 18, 0, 0],
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 4)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 26, values: (_, ticks) => ticks.map(clock) },
      { ...axis, size: 48, space: 30, incrs: steps, values: (_, ticks) => ticks.map(text) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.name,
        stroke: colour(line.colour),
        fill: resolved(node, `color-mix(in srgb, var(${line.colour}) 10%, transparent)`),
        width: 1.5,
        points: { size: 5, fill: colour(line.colour), filter: () => alone(line.values) },
      })),
    ],
  };
}

/** alone are the places of values that have no neighbour, and of which no line could be drawn. */
function alone(values: Line["values"]): number[] {
  return values.flatMap((value, at) =>
    value !== undefined && values[at - 1] === undefined && values[at + 1] === undefined ? [at] : [],
  );
}

/** The steps of the values' axis: whole numbers, as there is no half of a delivery. */
const steps = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].flatMap((power) => [power, 2 * power, 5 * power]);

/** resolved returns a colour as a canvas takes it. */
function resolved(node: HTMLElement, value: string): string {
  const former = node.style.color;
  node.style.color = value;
  const found = getComputedStyle(node).color;
  node.style.color = former;
  return found;
}

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

function clock(seconds: number): string {
  return clockFormat.format(seconds * 1000);
}
