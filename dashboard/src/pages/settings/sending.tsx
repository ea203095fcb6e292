import type { ProjectSettings } from "@synchook/client/gen/project_pb";
import { usePlace } from "../../lib/session.js";
import { Card } from "../../ui/card.js";
import { Check, Switch } from "../../ui/form.js";
import { FaultNote } from "../../ui/note.js";
import { operationalTypes, toggled } from "./operational.js";
import { useSettingsChange } from "./use-settings.js";

/** WhatIsSent is when a webhook is sent, beside when a model changed. */
export function WhatIsSent({ settings }: { settings: ProjectSettings }) {
  const { may } = usePlace();
  const always = useSettingsChange(settings, ["always_send_webhook"], "It is set.");
  const coalesce = useSettingsChange(settings, ["coalesce_webhooks"], "It is set.");
  const fault = always.error ?? coalesce.error;
  return (
    <Card title="What is sent">
      <div className="stack">
        {fault ? <FaultNote error={fault} /> : null}
        <Switch
          label="Send always"
          hint="A run sends its webhooks although it changed nothing. Off: only changes are told."
          checked={settings.alwaysSendWebhook}
          disabled={!may("write") || always.busy}
          onChange={(alwaysSendWebhook) => always.save({ alwaysSendWebhook })}
        />
        <Switch
          label="Make waiting webhooks one"
          hint="Webhooks of one connection, sync and model that wait while the endpoint is down or paused become one. Off: each is sent."
          checked={settings.coalesceWebhooks}
          disabled={!may("write") || coalesce.busy}
          onChange={(coalesceWebhooks) => coalesce.save({ coalesceWebhooks })}
        />
      </div>
    </Card>
  );
}

/** OperationalSetting is which webhooks about synchook's own work the webhook URL gets. */
export function OperationalSetting({ settings }: { settings: ProjectSettings }) {
  const { may } = usePlace();
  const { save, error, busy } = useSettingsChange(settings, ["operational_webhooks"], "It is set.");
  const chosen = settings.operationalWebhooks;
  return (
    <Card
      title="Operational webhooks"
      about="Webhooks about synchook's own work, which the webhook URL gets beside those of syncs. Their bodies have a type."
    >
      <div className="checks">
        {error ? <FaultNote error={error} /> : null}
        {operationalTypes.map(({ type, name, when }) => (
          <Check
            key={type}
            label={name}
            hint={when}
            checked={chosen.includes(type)}
            disabled={!may("write") || busy}
            onChange={(event) => save({ operationalWebhooks: toggled(chosen, type, event.target.checked) })}
          />
        ))}
      </div>
    </Card>
  );
}
