import { useState } from "react";
import { Await } from "../../ui/await.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Skeleton } from "../../ui/note.js";
import { HeadersSetting } from "./headers.js";
import { ScheduleSetting } from "./schedule-setting.js";
import { Secret } from "./secret.js";
import { SendTest } from "./send-test.js";
import { OperationalSetting, WhatIsSent } from "./sending.js";
import { useSettings } from "./use-settings.js";
import { WebhookUrl } from "./webhook-url.js";

/** Webhooks is what the settings say about outgoing webhooks. */
export function Webhooks() {
  const settings = useSettings();
  return (
    <Await query={settings} meanwhile={<Skeleton height={170} />}>
      {(answer) => (
        <div className="stack">
          <WebhookUrl key={`url ${answer.webhookUrl}`} settings={answer} />
          {answer.webhookUrl !== "" && <Test />}
          <Secret />
          <WhatIsSent settings={answer} />
          <ScheduleSetting key={`schedule ${answer.retrySchedule.length}`} settings={answer} />
          <HeadersSetting key={`headers ${Object.keys(answer.webhookHeaders).join()}`} settings={answer} />
          <OperationalSetting key={`operational ${answer.operationalWebhooks.join()}`} settings={answer} />
        </div>
      )}
    </Await>
  );
}

function Test() {
  const [open, setOpen] = useState(false);
  return (
    <Card
      title="Try it"
      about="Sends one signed request to the webhook URL now, and tells all about it. It is not kept, not retried and not counted."
    >
      <Button onClick={() => setOpen(true)}>Send a test webhook</Button>
      <SendTest endpointId="" open={open} onClose={() => setOpen(false)} />
    </Card>
  );
}
