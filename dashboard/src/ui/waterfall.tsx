import { Link } from "react-router";
import { type Row, scale } from "../lib/way.js";
import "./waterfall.css";

/** Waterfall draws what happened one after the other, each row with its waits as lines and its work as bars. */
export function Waterfall({ label, rows }: { label: string; rows: Row[] }) {
  const place = scale(rows.flatMap(({ spans }) => spans.flatMap(({ from, until }) => [from, until])));
  return (
    <ol className="waterfall" aria-label={label}>
      {rows.map(({ key, depth, name, to, told, spans }) => (
        <li key={key}>
          <div className="name" data-depth={depth}>
            {to ? <Link to={to}>{name}</Link> : name}
          </div>
          <div className="track" aria-hidden>
            {spans.map(({ from, until, tone }) => (
              <span
                key={`${tone} ${from}`}
                className={`bar ${tone === "wait" ? "wait" : `tone-${tone}`}`}
                style={{ left: `${place(from)}%`, width: `${place(until) - place(from)}%` }}
              />
            ))}
          </div>
          <div className="told">{told}</div>
        </li>
      ))}
    </ol>
  );
}
