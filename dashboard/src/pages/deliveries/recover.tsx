import { useQuery } from "@connectrpc/connect-query";
import { EndpointService } from "@synchook/client/gen/endpoint_pb";
import { RecoveryService } from "@synchook/client/gen/recovery_pb";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { countText } from "../../lib/words.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field, Form, Select, Text } from "../../ui/form.js";
import { Note } from "../../ui/note.js";

/** Draft is a recovery as a person describes it. */
interface Draft {
  hours: string;
  endpoint: string;
  connection: string;
  integration: string;
  rate: string;
}

const windows = [
  { value: "1", text: "the last hour" },
  { value: "24", text: "the last day" },
  { value: "168", text: "the last week" },
  { value: "", text: "all that is kept" },
];

function request({ hours, endpoint, connection, integration, rate }: Draft, now: number) {
  const after = hours && BigInt(Math.floor(now / 1000) - Number(hours) * 3600);
  return {
    filter: {
      ...(after && { createdAfter: { seconds: after, nanos: 0 } }),
      endpointId: endpoint,
      connectionId: connection.trim(),
      providerConfigKey: integration.trim(),
    },
    rateLimit: Number(rate) || 0,
  };
}

/** RecoverDialog counts what a recovery would send again, and then has it done. */
export function RecoverDialog({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState<Draft>({
    hours: "24",
    endpoint: "",
    connection: "",
    integration: "",
    rate: "",
  });
  const count = useChange(RecoveryService.method.createRecovery, { quiet: true, touches: [] });
  const make = useChange(RecoveryService.method.createRecovery, {
    quiet: true,
    done: "The recovery has begun.",
    after: onClose,
  });
  const change = (changes: Partial<Draft>) => {
    count.reset();
    setDraft({ ...draft, ...changes });
  };
  const found = count.data?.found;
  const submit = () =>
    found === undefined
      ? count.mutate({ ...request(draft, Date.now()), dryRun: true })
      : make.mutate(request(draft, Date.now()));
  return (
    <Dialog
      open
      onClose={onClose}
      title="Recover deliveries"
      about="What was given up and is described here is attempted again, each once."
    >
      <Form onSubmit={submit} error={count.error ?? make.error}>
        <Fields draft={draft} onChange={change} />
        {found !== undefined && (
          <Note
            tone={found > 0n ? "info" : "warn"}
            title={`${countText(found)} deliveries are given up there.`}
          >
            <p>{found > 0n ? "Nothing was sent yet." : "There is nothing to send again."}</p>
          </Note>
        )}
        <div className="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={count.isPending || make.isPending} disabled={found === 0n}>
            {found === undefined ? "Count them" : "Send them again"}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Fields({ draft, onChange }: { draft: Draft; onChange: (changes: Partial<Draft>) => void }) {
  const { data } = useQuery(EndpointService.method.listEndpoints, { pageSize: 1000 });
  const endpoints = (data?.endpoints ?? []).map(({ id, name, url }) => ({
    value: id,
    text: name || url || id,
  }));
  return (
    <>
      <Field label="Made in" name="filter.created_after">
        {(told) => (
          <Select {...told} value={draft.hours} options={windows} onChange={(hours) => onChange({ hours })} />
        )}
      </Field>
      <Field label="For the endpoint" name="filter.endpoint_id">
        {(told) => (
          <Select
            {...told}
            value={draft.endpoint}
            options={[{ value: "", text: "any" }, ...endpoints]}
            onChange={(endpoint) => onChange({ endpoint })}
          />
        )}
      </Field>
      <Field label="Integration" name="filter.provider_config_key" hint="Empty: any. A connection needs it.">
        {(told) => (
          <Text {...told} value={draft.integration} onChange={(integration) => onChange({ integration })} />
        )}
      </Field>
      <Field label="Connection" name="filter.connection_id" hint="Empty: any.">
        {(told) => (
          <Text {...told} value={draft.connection} onChange={(connection) => onChange({ connection })} />
        )}
      </Field>
      <Field label="At most, a second" name="rate_limit" hint="Empty: as fast as the endpoints take them.">
        {(told) => (
          <Text {...told} inputMode="numeric" value={draft.rate} onChange={(rate) => onChange({ rate })} />
        )}
      </Field>
    </>
  );
}
