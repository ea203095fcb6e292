import { Await } from "../../ui/await.js";
import { Skeleton } from "../../ui/note.js";
import { useSettings } from "./use-settings.js";
import { WebhookUrl } from "./webhook-url.js";

/** Webhooks is what the settings say about outgoing webhooks. */
export function Webhooks() {
  const settings = useSettings();
  return (
    <Await query={settings} meanwhile={<Skeleton height={170} />}>
      {(answer) => (
        <div className="stack">
          <WebhookUrl key={answer.webhookUrl} settings={answer} />
        </div>
      )}
    </Await>
  );
}
