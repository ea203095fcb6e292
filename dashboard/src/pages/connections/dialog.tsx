import { type Connection, ConnectionService } from "@synchook/client/gen/connection_pb";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field, Form, Select, Text } from "../../ui/form.js";

/** Draft is a connection as a person writes it. */
interface Draft {
  key: string;
  name: string;
  token: string;
  config: string;
  metadata: string;
  webhookUrl: string;
}

function draftOf(connection: Connection | undefined, keys: string[]): Draft {
  return {
    key: connection?.providerConfigKey ?? keys[0] ?? "",
    name: connection?.connectionId ?? "",
    token: "",
    config: connection ? JSON.stringify(connection.connectionConfig ?? {}) : '{"installation_id": 1}',
    metadata: JSON.stringify(connection?.metadata ?? {}),
    webhookUrl: connection?.webhookUrl ?? "",
  };
}

/** objectOf reads a JSON object. Undefined: the text is none. */
function objectOf(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, string>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** given is what the API is given. Undefined: something in the draft is wrong. */
function given({ key, name, token, config, metadata, webhookUrl }: Draft) {
  const [connectionConfig, data] = [objectOf(config), objectOf(metadata)];
  return (
    connectionConfig &&
    data && {
      providerConfigKey: key,
      connectionId: name.trim(),
      connectionConfig,
      metadata: data,
      webhookUrl: webhookUrl.trim(),
      ...(token && { credentials: { kind: { case: "bearerToken", value: token } as const } }),
    }
  );
}

interface DialogProps {
  /** The connection to change; unset: a new one is made. */
  connection?: Connection;
  /** The names of the integrations. */
  keys: string[];
  onClose: () => void;
}

/** ConnectionDialog connects a customer's account, or changes how it is connected. */
export function ConnectionDialog({ connection, keys, onClose }: DialogProps) {
  const [draft, setDraft] = useState(() => draftOf(connection, keys));
  const options = { quiet: true, after: onClose };
  const make = useChange(ConnectionService.method.createConnection, {
    ...options,
    done: "The connection is made.",
  });
  const update = useChange(ConnectionService.method.updateConnection, {
    ...options,
    done: "The connection is changed.",
  });
  const submit = () => {
    const values = given(draft);
    if (values && connection) {
      const paths = ["metadata", "connection_config", "webhook_url", ...(draft.token ? ["credentials"] : [])];
      update.mutate({ connection: values, updateMask: { paths } });
    } else if (values) {
      make.mutate({ connection: values });
    }
  };
  return (
    <Dialog open onClose={onClose} title={connection ? `Edit ${draft.name}` : "Add a connection"}>
      <Form onSubmit={submit} error={make.error ?? update.error}>
        {!connection && <Named draft={draft} keys={keys} onChange={setDraft} />}
        <Fields draft={draft} fixed={connection !== undefined} onChange={setDraft} />
        <div className="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={make.isPending || update.isPending}>
            {connection ? "Save" : "Add it"}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

interface FieldsProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
}

/** Named is what a connection is called, which stays. */
function Named({ draft, keys, onChange }: FieldsProps & { keys: string[] }) {
  return (
    <>
      <Field label="Integration" name="connection.provider_config_key">
        {(told) => (
          <Select
            {...told}
            value={draft.key}
            options={keys.map((value) => ({ value, text: value }))}
            onChange={(key) => onChange({ ...draft, key })}
          />
        )}
      </Field>
      <Field label="Name" name="connection.connection_id" hint="How your app calls this customer's account.">
        {(told) => <Text {...told} value={draft.name} onChange={(name) => onChange({ ...draft, name })} />}
      </Field>
    </>
  );
}

function Fields({ draft, fixed, onChange }: FieldsProps & { fixed: boolean }) {
  const wrong = (text: string) => (objectOf(text) ? undefined : "This is no JSON object.");
  return (
    <>
      <Field
        label="Token"
        name="connection.credentials"
        hint={
          fixed ? "Empty: the credentials stay as they are." : "Empty: the API is asked without credentials."
        }
      >
        {(told) => (
          <Text
            {...told}
            type="password"
            autoComplete="new-password"
            value={draft.token}
            onChange={(token) => onChange({ ...draft, token })}
          />
        )}
      </Field>
      <Field
        label="Connection config"
        name="connection.connection_config"
        hint="A JSON object; what the integration matches events by is in it."
        wrong={wrong(draft.config)}
      >
        {(told) => (
          <Text {...told} value={draft.config} onChange={(config) => onChange({ ...draft, config })} />
        )}
      </Field>
      <Field
        label="Metadata"
        name="connection.metadata"
        hint="A JSON object for your scripts."
        wrong={wrong(draft.metadata)}
      >
        {(told) => (
          <Text {...told} value={draft.metadata} onChange={(metadata) => onChange({ ...draft, metadata })} />
        )}
      </Field>
      <Field
        label="Webhook URL of its own"
        name="connection.webhook_url"
        hint="Empty: its webhooks go to the project's."
      >
        {(told) => (
          <Text
            {...told}
            type="url"
            value={draft.webhookUrl}
            onChange={(webhookUrl) => onChange({ ...draft, webhookUrl })}
          />
        )}
      </Field>
    </>
  );
}
