import type { ProjectSettings } from "@synchook/client/gen/project_pb";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { usePlace } from "../../lib/session.js";
import { Button, IconButton } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Form, Text, useComplaint } from "../../ui/form.js";
import { useSettingsChange } from "./use-settings.js";

/** Header is one line of the editor. */
export interface Header {
  id: number;
  name: string;
  value: string;
}

/** HeadersSetting is the further headers of each webhook. Their values are written only. */
export function HeadersSetting({ settings }: { settings: ProjectSettings }) {
  const { may } = usePlace();
  const names = Object.keys(settings.webhookHeaders).sort();
  const [headers, setHeaders] = useState<Header[]>();
  const { save, error, busy } = useSettingsChange(settings, ["webhook_headers"], "The headers are set.");
  const start = () => setHeaders(names.map((name, id) => ({ id, name, value: "" })));
  const done = () => save({ webhookHeaders: headersOf(headers ?? []) });
  return (
    <Card
      title="Headers"
      about="Further headers of each webhook, such as a key that your gateway asks for. Values can be written and never read."
      actions={
        !headers && (
          <Button disabled={!may("write")} onClick={start}>
            {names.length > 0 ? "Give them anew" : "Add headers"}
          </Button>
        )
      }
    >
      {headers ? (
        <Form onSubmit={done} error={error}>
          {names.length > 0 && (
            <p className="soft">Give each value anew: nobody can read those that are set.</p>
          )}
          <HeaderEditor headers={headers} onChange={setHeaders} />
          <Wrong />
          <div className="actions">
            <Button onClick={() => setHeaders(undefined)}>Cancel</Button>
            <Button type="submit" look="main" busy={busy}>
              Save
            </Button>
          </div>
        </Form>
      ) : (
        <HeaderNames names={names} />
      )}
    </Card>
  );
}

function HeaderNames({ names }: { names: string[] }) {
  if (names.length === 0) {
    return <p className="soft">None.</p>;
  }
  return (
    <ul className="stack tight">
      {names.map((name) => (
        <li key={name}>
          <code>{name}: ••••••</code>
        </li>
      ))}
    </ul>
  );
}

function Wrong() {
  const complaint = useComplaint("settings.webhook_headers");
  return complaint ? (
    <p className="field">
      <span className="wrong" role="alert">
        {complaint}
      </span>
    </p>
  ) : null;
}

/** headersOf returns the headers that have a name, as the API takes them. */
export function headersOf(headers: Header[]): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap(({ name, value }) => (name.trim() ? [[name.trim(), value]] : [])),
  );
}

interface HeaderEditorProps {
  headers: Header[];
  onChange: (headers: Header[]) => void;
}

/** HeaderEditor lets a person write headers. */
export function HeaderEditor({ headers, onChange }: HeaderEditorProps) {
  const put = (changed: Header) => onChange(headers.map((one) => (one.id === changed.id ? changed : one)));
  const add = () =>
    onChange([...headers, { id: Math.max(-1, ...headers.map(({ id }) => id)) + 1, name: "", value: "" }]);
  return (
    <ul className="stack tight">
      {headers.map((header, index) => (
        <li key={header.id} className="header-line">
          <Text
            aria-label={`Name of header ${index + 1}`}
            placeholder="X-Gateway-Key"
            value={header.name}
            onChange={(name) => put({ ...header, name })}
          />
          <Text
            aria-label={`Value of header ${index + 1}`}
            placeholder="value"
            value={header.value}
            onChange={(value) => put({ ...header, value })}
          />
          <IconButton
            label={`Take header ${index + 1} away`}
            onClick={() => onChange(headers.filter(({ id }) => id !== header.id))}
          >
            <Trash2 size={14} />
          </IconButton>
        </li>
      ))}
      <li>
        <Button onClick={add}>
          <Plus size={14} /> One more header
        </Button>
      </li>
    </ul>
  );
}
