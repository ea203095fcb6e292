import { ConnectionService } from "@synchook/client/gen/connection_pb";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field, Form, Select, Text } from "../../ui/form.js";

interface DialogProps {
  /** The names of the integrations. */
  keys: string[];
  onClose: () => void;
}

/** configOf reads a JSON object. Undefined: the text is none. */
function configOf(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text || "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, string>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** ConnectionDialog connects a customer's account. */
export function ConnectionDialog({ keys, onClose }: DialogProps) {
  const [key, setKey] = useState(keys[0] ?? "");
  const [name, setName] = useState("");
  const [token, setToken] = useState("");
  const [config, setConfig] = useState('{"installation_id": 1}');
  const make = useChange(ConnectionService.method.createConnection, {
    quiet: true,
    done: "The connection is made.",
    after: onClose,
  });
  const connectionConfig = configOf(config);
  const submit = () => {
    if (!connectionConfig) {
      return;
    }
    const credentials = token
      ? { credentials: { kind: { case: "bearerToken", value: token } as const } }
      : {};
    make.mutate({
      connection: { providerConfigKey: key, connectionId: name.trim(), connectionConfig, ...credentials },
    });
  };
  return (
    <Dialog open onClose={onClose} title="Add a connection">
      <Form onSubmit={submit} error={make.error}>
        <Field label="Integration" name="connection.provider_config_key">
          {(told) => (
            <Select
              {...told}
              value={key}
              options={keys.map((value) => ({ value, text: value }))}
              onChange={setKey}
            />
          )}
        </Field>
        <Field
          label="Name"
          name="connection.connection_id"
          hint="How your app calls this customer's account."
        >
          {(told) => <Text {...told} value={name} onChange={setName} />}
        </Field>
        <Field
          label="Token"
          name="connection.credentials"
          hint="Empty: the API is asked without credentials."
        >
          {(told) => (
            <Text {...told} type="password" autoComplete="new-password" value={token} onChange={setToken} />
          )}
        </Field>
        <Field
          label="Connection config"
          name="connection.connection_config"
          hint="A JSON object; what the integration matches events by is in it."
          wrong={connectionConfig ? undefined : "This is no JSON object."}
        >
          {(told) => <Text {...told} value={config} onChange={setConfig} />}
        </Field>
        <div className="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={make.isPending}>
            Add it
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
