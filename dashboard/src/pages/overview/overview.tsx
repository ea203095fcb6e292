import { useQuery } from "@connectrpc/connect-query";
import { DeliveryService } from "@synchook/client/gen/delivery_pb";
import { ProjectService } from "@synchook/client/gen/project_pb";
import { useFilters } from "../../lib/filters.js";
import { spanOf } from "../../lib/words.js";
import { Select } from "../../ui/form.js";
import { FaultNote } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { Charts } from "./charts.js";
import { FailingEndpoints, FailingSyncs } from "./failing.js";
import { QuickStart } from "./quick-start.js";
import { Tiles } from "./tiles.js";
import { Warnings } from "./warnings.js";
import "./overview.css";

const windows = [
  { value: "", text: "The last hour" },
  { value: "21600", text: "6 hours" },
  { value: "86400", text: "24 hours" },
  { value: "172800", text: "48 hours" },
];

/** Overview shows what flows now, and what does not. */
export default function Overview() {
  const { values, set } = useFilters("window");
  const window = Number(windows.find(({ value }) => value === values.window)?.value || 3600);
  const stats = useQuery(
    DeliveryService.method.getDeliveryStats,
    { window: spanOf(window) },
    { refetchInterval: 5_000, placeholderData: (former) => former },
  );
  const activity = useQuery(
    ProjectService.method.getActivity,
    { window: spanOf(window) },
    { refetchInterval: 5_000, placeholderData: (former) => former },
  );
  return (
    <Page
      title="Overview"
      actions={
        <Select
          aria-label="How far back"
          value={values.window}
          options={windows}
          onChange={(chosen) => set({ window: chosen })}
        />
      }
    >
      <div className="stack">
        <Warnings />
        <QuickStart />
        {stats.error && !stats.data ? <FaultNote error={stats.error} /> : null}
        <Tiles stats={stats.data} />
        <Charts stats={stats.data} activity={activity.data} window={window} />
        <div className="two">
          <FailingEndpoints />
          <FailingSyncs />
        </div>
      </div>
    </Page>
  );
}
