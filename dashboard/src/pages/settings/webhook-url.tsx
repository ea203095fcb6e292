import type { ProjectSettings } from "@synchook/client/gen/project_pb";
import { useState } from "react";
import { usePlace } from "../../lib/session.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Field, Form, Text } from "../../ui/form.js";
import { useSettingsChange } from "./use-settings.js";

/** WebhookUrl is where the project's app gets its webhooks. */
export function WebhookUrl({ settings }: { settings: ProjectSettings }) {
  const { may } = usePlace();
  const [url, setUrl] = useState(settings.webhookUrl);
  const { save, error, busy } = useSettingsChange(settings, ["webhook_url"], "The webhook URL is set.");
  return (
    <Card
      title="Webhook URL"
      about="Your app gets one signed POST here for each model that a run changed, again and again until it answers 2xx."
    >
      <Form onSubmit={() => save({ webhookUrl: url.trim() })} error={error}>
        <div className="line-form">
          <Field
            label="URL"
            name="settings.webhook_url"
            hint="Empty: none are sent, and none are owed. No user name and password: headers are for these."
          >
            {(told) => (
              <Text
                {...told}
                type="url"
                inputMode="url"
                placeholder="https://app.example.com/webhooks/synchook"
                value={url}
                onChange={setUrl}
                disabled={!may("write")}
              />
            )}
          </Field>
          <Button type="submit" look="main" busy={busy} disabled={url.trim() === settings.webhookUrl}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}
