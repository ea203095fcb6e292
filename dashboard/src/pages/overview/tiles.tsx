import type { GetDeliveryStatsResponse } from "@synchook/client/gen/delivery_pb";
import type { ReactNode } from "react";
import { countText, partText, secondsOf, spanText } from "../../lib/words.js";
import { Skeleton } from "../../ui/note.js";
import { Ago } from "../../ui/time.js";

/** Tiles are the figures that tell most. */
export function Tiles({ stats }: { stats: GetDeliveryStatsResponse | undefined }) {
  const total = stats?.total;
  const oldest = stats?.backlogs[0]?.oldestCreateTime;
  return (
    <dl className="tiles">
      <Tile name="Delivered" value={total && countText(total.delivered)}>
        {total && `of ${countText(total.created)} made`}
      </Tile>
      <Tile name="Attempts that succeeded" value={total && partText(total.successRate)}>
        {total && `${countText(total.failedAttempts)} failed`}
      </Tile>
      <Tile name="Latency" value={total && (total.latencyP50 ? spanText(secondsOf(total.latencyP50)) : "–")}>
        {total?.latencyP95 && `95 % within ${spanText(secondsOf(total.latencyP95))}`}
      </Tile>
      <Tile name="Waiting now" value={stats && countText(stats.pending)}>
        {oldest && (
          <>
            the oldest from <Ago time={oldest} />
          </>
        )}
      </Tile>
      <Tile name="Given up" value={stats && countText(stats.exhausted)}>
        {stats && "kept, and can be sent again"}
      </Tile>
    </dl>
  );
}

function Tile({ name, value, children }: { name: string; value: string | undefined; children?: ReactNode }) {
  return (
    <div className="tile">
      <dt>{name}</dt>
      <dd>{value ?? <Skeleton width={70} height={29} />}</dd>
      <dd className="small">{children}</dd>
    </div>
  );
}
