import type { GetDeliveryStatsResponse } from "@synchook/client/gen/delivery_pb";
import type { GetActivityResponse } from "@synchook/client/gen/project_pb";
import { useMemo } from "react";
import { countText, spanText } from "../../lib/words.js";
import { Card } from "../../ui/card.js";
import { Chart } from "../../ui/chart.js";
import { Skeleton } from "../../ui/note.js";
import { activityOf, minutesOf } from "./minutes.js";

interface ChartsProps {
  stats: GetDeliveryStatsResponse | undefined;
  activity: GetActivityResponse | undefined;
  /** How far back, in seconds. */
  window: number;
}

const inMilliseconds = (value: number) => spanText(value / 1000);

/** Charts show the minutes of the window. */
export function Charts({ stats, activity, window }: ChartsProps) {
  const minutes = useMemo(
    () => stats && minutesOf(stats, window, Math.floor(Date.now() / 1000)),
    [stats, window],
  );
  const total = stats?.total;
  return (
    <div className="three">
      <Activity activity={activity} window={window} />
      <Card title="Deliveries a minute">
        {minutes && total ? (
          <Chart
            label={`Deliveries a minute: ${countText(total.created)} made, ${countText(total.delivered)} delivered, ${countText(total.failedAttempts)} attempts failed.`}
            times={minutes.times}
            lines={[
              { name: "delivered", colour: "--good", values: minutes.delivered },
              { name: "made", colour: "--accent", values: minutes.created },
              { name: "failed attempts", colour: "--bad", values: minutes.failed },
            ]}
            text={countText}
          />
        ) : (
          <Skeleton height={169} />
        )}
      </Card>
      <Card title="Latency">
        {minutes && total ? (
          <Chart
            label="How long 95 of 100 attempts took at most, by the minute."
            times={minutes.times}
            lines={[{ name: "95 of 100 attempts took at most", colour: "--accent", values: minutes.latency }]}
            text={inMilliseconds}
          />
        ) : (
          <Skeleton height={169} />
        )}
      </Card>
    </div>
  );
}

/** Activity is what came and what ran. */
function Activity({ activity, window }: Pick<ChartsProps, "activity" | "window">) {
  const minutes = useMemo(
    () => activity && activityOf(activity, window, Math.floor(Date.now() / 1000)),
    [activity, window],
  );
  const total = activity?.total;
  return (
    <Card title="Events and runs a minute">
      {minutes && total ? (
        <Chart
          label={`Events and runs a minute: ${countText(total.events)} events came, ${countText(total.runs)} runs ended, ${countText(total.failedRuns)} of them failed.`}
          times={minutes.times}
          lines={[
            { name: "events", colour: "--accent", values: minutes.events },
            { name: "runs", colour: "--good", values: minutes.runs },
            { name: "failed runs", colour: "--bad", values: minutes.failed },
          ]}
          text={countText}
        />
      ) : (
        <Skeleton height={169} />
      )}
    </Card>
  );
}
