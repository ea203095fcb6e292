import type { ProjectSettings } from "@synchook/client/gen/project_pb";
import { useState } from "react";
import { usePlace } from "../../lib/session.js";
import { secondsOf, spanOf, spanText } from "../../lib/words.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Form, useComplaint } from "../../ui/form.js";
import { attemptTimes, defaultWaits } from "./schedule.js";
import { ScheduleEditor, Timeline } from "./schedule-editor.js";
import { useSettingsChange } from "./use-settings.js";

const same = (one: number[], other: number[]) => one.join() === other.join();

/** ScheduleSetting is when a webhook that was not taken is sent again, as a timeline. */
export function ScheduleSetting({ settings }: { settings: ProjectSettings }) {
  const { may } = usePlace();
  const stored = settings.retrySchedule.map(secondsOf);
  const now = stored.length > 0 ? stored : defaultWaits;
  const [waits, setWaits] = useState(now);
  const { save, error, busy } = useSettingsChange(settings, ["retry_schedule"], "The retry schedule is set.");
  const send = () => save({ retrySchedule: same(waits, defaultWaits) ? [] : waits.map(spanOf) });
  const span = spanText(attemptTimes(waits).at(-1) ?? 0);
  return (
    <Card
      title="Retry schedule"
      about={`${waits.length + 1} attempts over ${span}, each wait up to a fifth longer or shorter. Then the delivery is given up; you can send it again.`}
    >
      <Form onSubmit={send} error={error}>
        <Timeline waits={waits} />
        <Wrong />
        <details>
          <summary>Change the waits</summary>
          <ScheduleEditor waits={waits} onChange={setWaits} disabled={!may("write")} />
        </details>
        <div className="actions">
          <Button
            disabled={!may("write") || same(waits, defaultWaits)}
            onClick={() => setWaits(defaultWaits)}
          >
            Take the default
          </Button>
          <Button type="submit" look="main" busy={busy} disabled={same(waits, now) || waits.length === 0}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}

function Wrong() {
  const complaint = useComplaint("settings.retry_schedule");
  return complaint ? (
    <p className="field">
      <span className="wrong" role="alert">
        {complaint}
      </span>
    </p>
  ) : null;
}
