import { useQuery } from "@connectrpc/connect-query";
import { type APIKey, APIKeyService, Scope } from "@synchook/client/gen/api_key_pb";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { whole } from "../../lib/pages.js";
import { usePlace } from "../../lib/session.js";
import { Badge } from "../../ui/badge.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { Confirm, SecretDialog } from "../../ui/dialog.js";
import { Check, Field, Form, Text } from "../../ui/form.js";
import { Empty } from "../../ui/note.js";
import { type Column, Table } from "../../ui/table.js";
import { Ago } from "../../ui/time.js";

const scopes: { scope: Scope; name: "read" | "write" | "deploy" | "ingest"; what: string }[] = [
  { scope: Scope.READ, name: "read", what: "see everything in the project" },
  {
    scope: Scope.WRITE,
    name: "write",
    what: "change settings, keys, integrations, connections; trigger and retry",
  },
  { scope: Scope.DEPLOY, name: "deploy", what: "deploy sync scripts" },
  { scope: Scope.INGEST, name: "ingest", what: "hand in webhooks that were received elsewhere" },
];

/** Keys lists the project's API keys, makes them and ends them. */
export default function Keys() {
  const query = useQuery(APIKeyService.method.listAPIKeys, {});
  const rows = whole(query, (answer) => answer.apiKeys);
  return (
    <>
      <Table
        label="API keys"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={<KeyRound />} title="There are no keys">
            Programs call the API with a key. Make one for each, with no more scopes than it needs.
          </Empty>
        }
      />
      <NewKey />
    </>
  );
}

const columns: Column<APIKey>[] = [
  { title: "Name", cell: ({ name }) => <strong>{name}</strong> },
  { title: "Key", cell: ({ prefix, id }) => <code title={id}>{prefix}…</code> },
  { title: "May", cell: (key) => <Scopes scopes={key.scopes} /> },
  { title: "Made", cell: ({ createTime }) => <Ago time={createTime} /> },
  { title: "Last used", cell: ({ lastUseTime }) => <Ago time={lastUseTime} /> },
  { title: "", end: true, cell: (key) => <Revoke apiKey={key} /> },
];

function Scopes({ scopes: held }: { scopes: Scope[] }) {
  return (
    <span className="row">
      {scopes.flatMap(({ scope, name }) =>
        held.includes(scope)
          ? [
              <Badge key={name} tone="mute">
                {name}
              </Badge>,
            ]
          : [],
      )}
    </span>
  );
}

function Revoke({ apiKey: { id, name } }: { apiKey: APIKey }) {
  const { may, session } = usePlace();
  const revoke = useChange(APIKeyService.method.revokeAPIKey, { done: `The key ${name} is revoked.` });
  const own = session.key === id;
  return (
    <Confirm
      trigger={(ask) => (
        <Button look="danger" busy={revoke.isPending} disabled={!may("write")} onClick={ask}>
          Revoke
        </Button>
      )}
      title={`Revoke the key ${name}?`}
      about={`Programs that use it are refused at once.${own ? " You are logged in with it: you will have to log in with another." : ""} It cannot be taken back.`}
      action="Revoke it"
      onConfirm={() => revoke.mutate({ id })}
    />
  );
}

function NewKey() {
  const { may } = usePlace();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<Scope[]>([Scope.READ]);
  const make = useChange(APIKeyService.method.createAPIKey, { quiet: true, after: () => setName("") });
  const choose = (scope: Scope, on: boolean) =>
    setChosen((former) => (on ? [...former, scope] : former.filter((one) => one !== scope)));
  return (
    <Card title="Make a key" about="A key can give no scope that the one which makes it lacks.">
      <Form onSubmit={() => make.mutate({ name, scopes: chosen })} error={make.error}>
        <Field label="Name" name="name" hint="What uses it, such as “billing service, production”.">
          {(told) => <Text {...told} value={name} onChange={setName} disabled={!may("write")} />}
        </Field>
        <fieldset className="checks">
          <legend className="field-label">It may</legend>
          {scopes.map(({ scope, name: word, what }) => (
            <Check
              key={word}
              label={word}
              hint={what}
              checked={chosen.includes(scope)}
              disabled={!may("write") || !may(word)}
              onChange={(event) => choose(scope, event.target.checked)}
            />
          ))}
        </fieldset>
        <div className="actions">
          <Button
            type="submit"
            look="main"
            busy={make.isPending}
            disabled={!may("write") || name.trim() === "" || chosen.length === 0}
          >
            Make it
          </Button>
        </div>
      </Form>
      <SecretDialog title="The new key" secret={make.data?.secret ?? ""} onClose={() => make.reset()} />
    </Card>
  );
}
