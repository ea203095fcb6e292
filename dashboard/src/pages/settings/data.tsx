import type { ProjectSettings } from "@synchook/client/gen/project_pb";
import { type ReactNode, useState } from "react";
import { usePlace } from "../../lib/session.js";
import { readSpan, secondsOf, spanOf, spanText } from "../../lib/words.js";
import { Await } from "../../ui/await.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Field, Form, Text } from "../../ui/form.js";
import { Skeleton } from "../../ui/note.js";
import { useSettings, useSettingsChange } from "./use-settings.js";

/** Data is how long the project keeps what has ended. */
export default function Data() {
  const settings = useSettings();
  return (
    <Await query={settings} meanwhile={<Skeleton height={170} />}>
      {(answer) => (
        <div className="stack">
          <Retention
            key={`ended ${answer.retention?.seconds}`}
            settings={answer}
            title="Events, runs and deliveries"
            about="How long they are kept after they have ended. An event is kept as long as its runs wait."
            field="retention"
            path="retention"
          />
          <Retention
            key={`deleted ${answer.deletedRecordRetention?.seconds}`}
            settings={answer}
            title="Deleted records"
            about="How long they are kept, for apps that ask what changed since a time. An app that asks for changes since an earlier time can miss deletions."
            field="deletedRecordRetention"
            path="deleted_record_retention"
          />
        </div>
      )}
    </Await>
  );
}

interface RetentionProps {
  settings: ProjectSettings;
  title: string;
  about: ReactNode;
  field: "retention" | "deletedRecordRetention";
  /** The field as the API names it. */
  path: string;
}

function Retention({ settings, title, about, field, path }: RetentionProps) {
  const { may } = usePlace();
  const stored = secondsOf(settings[field]);
  const shown = stored > 0 ? spanText(stored) : "";
  const [text, setText] = useState(shown);
  const { save, error, busy } = useSettingsChange(settings, [path], "It is set.");
  const read = text.trim() === "" ? 0 : readSpan(text);
  return (
    <Card title={title} about={about}>
      <Form onSubmit={() => read !== undefined && save({ [field]: spanOf(read) })} error={error}>
        <div className="line-form">
          <Field
            label="Kept for"
            name={`settings.${path}`}
            hint="Such as 30 d or 36 h, an hour at least. Empty: 30 days."
            wrong={read === undefined ? "Write a span, such as 30 d." : undefined}
          >
            {(told) => (
              <Text {...told} value={text} onChange={setText} placeholder="30 d" disabled={!may("write")} />
            )}
          </Field>
          <Button type="submit" look="main" busy={busy} disabled={text === shown || read === undefined}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}
