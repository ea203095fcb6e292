import { type Endpoint, EndpointService } from "@synchook/client/gen/endpoint_pb";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { readSpan, secondsOf, spanOf, spanText } from "../../lib/words.js";
import { Button } from "../../ui/button.js";
import { Dialog, SecretDialog } from "../../ui/dialog.js";
import { Check, Field, Form, Text } from "../../ui/form.js";
import { operationalTypes, toggled } from "./operational.js";

/** Draft is a further endpoint as a person writes it. */
interface Draft {
  name: string;
  url: string;
  models: string;
  syncs: string;
  operational: Endpoint["operationalWebhooks"];
  rate: string;
  interval: string;
  coalesce: boolean;
}

function draftOf(endpoint: Endpoint | undefined): Draft {
  return {
    name: endpoint?.name ?? "",
    url: endpoint?.url ?? "",
    models: endpoint?.filter?.models.join(", ") ?? "",
    syncs: endpoint?.filter?.syncNames.join(", ") ?? "",
    operational: endpoint?.operationalWebhooks ?? [],
    rate: endpoint?.rateLimit ? String(endpoint.rateLimit) : "",
    interval: endpoint?.minInterval ? spanText(secondsOf(endpoint.minInterval)) : "",
    coalesce: endpoint?.coalesce ?? false,
  };
}

const listed = (text: string) => text.split(/[\s,]+/).filter(Boolean);

/** wrongInterval says what is wrong with the interval that a person wrote. */
function wrongInterval(interval: string): string | undefined {
  const fine = interval.trim() === "" || readSpan(interval) !== undefined;
  return fine ? undefined : "Write a span, such as 30 s, 5 min or 1 h.";
}

function given(
  { name, url, models, syncs, operational, rate, interval, coalesce }: Draft,
  former: Endpoint | undefined,
) {
  const { providerConfigKeys = [], noSyncs = false } = former?.filter ?? {};
  return {
    name: name.trim(),
    url: url.trim(),
    filter: { providerConfigKeys, noSyncs, models: listed(models), syncNames: listed(syncs) },
    operationalWebhooks: operational,
    rateLimit: Number(rate) || 0,
    minInterval: spanOf(readSpan(interval) ?? 0),
    coalesce,
  };
}

const changed = ["name", "url", "filter", "operational_webhooks", "rate_limit", "min_interval", "coalesce"];

interface DialogProps {
  /** The endpoint to change; unset: a new one is made. */
  endpoint?: Endpoint;
  onClose: () => void;
}

/** EndpointDialog makes a further endpoint, or changes one. */
export function EndpointDialog({ endpoint, onClose }: DialogProps) {
  const [draft, setDraft] = useState(() => draftOf(endpoint));
  const make = useChange(EndpointService.method.createEndpoint, { quiet: true });
  const change = useChange(EndpointService.method.updateEndpoint, {
    quiet: true,
    done: "The endpoint is changed.",
    after: onClose,
  });
  const submit = () =>
    endpoint
      ? change.mutate({
          endpoint: { ...given(draft, endpoint), id: endpoint.id, etag: endpoint.etag },
          updateMask: { paths: changed },
        })
      : make.mutate({ endpoint: given(draft, undefined) });
  if (make.data) {
    return (
      <SecretDialog
        title="The endpoint's signing secret"
        secret={make.data.signingSecret}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog open onClose={onClose} title={endpoint ? "Edit the endpoint" : "Add an endpoint"}>
      <Form onSubmit={submit} error={make.error ?? change.error}>
        <EndpointFields draft={draft} onChange={setDraft} />
        <div className="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="main"
            busy={make.isPending || change.isPending}
            disabled={draft.url.trim() === "" || wrongInterval(draft.interval) !== undefined}
          >
            {endpoint ? "Save" : "Add it"}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

function EndpointFields({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const put = (changes: Partial<Draft>) => onChange({ ...draft, ...changes });
  const text = (name: Exclude<keyof Draft, "operational" | "coalesce">) => ({
    value: draft[name],
    onChange: (value: string) => put({ [name]: value }),
  });
  return (
    <>
      <Field label="URL" name="endpoint.url">
        {(told) => (
          <Text {...told} {...text("url")} type="url" placeholder="https://warehouse.example.com/hook" />
        )}
      </Field>
      <Field label="Name" name="endpoint.name" hint="For people. May be empty.">
        {(told) => <Text {...told} {...text("name")} />}
      </Field>
      <Field label="Only these models" name="endpoint.filter.models" hint="Several with commas. Empty: all.">
        {(told) => <Text {...told} {...text("models")} placeholder="Issue, Contact" />}
      </Field>
      <Field
        label="Only these syncs"
        name="endpoint.filter.sync_names"
        hint="Several with commas. Empty: all."
      >
        {(told) => <Text {...told} {...text("syncs")} />}
      </Field>
      <Field label="Requests a second at most" name="endpoint.rate_limit" hint="Empty: as many as it takes.">
        {(told) => <Text {...told} {...text("rate")} inputMode="decimal" />}
      </Field>
      <Field
        label="Least time between webhooks of one model"
        name="endpoint.min_interval"
        hint="Of one connection and sync; what comes sooner becomes one webhook. Empty: none."
        wrong={wrongInterval(draft.interval)}
      >
        {(told) => <Text {...told} {...text("interval")} placeholder="30 s" />}
      </Field>
      <Check
        label="Make waiting webhooks one"
        hint="those of one connection, sync and model that wait while it is down, paused or kept to a pace"
        checked={draft.coalesce}
        onChange={(event) => put({ coalesce: event.target.checked })}
      />
      <fieldset className="checks">
        <legend className="field-label">Operational webhooks</legend>
        {operationalTypes.map(({ type, name, when }) => (
          <Check
            key={type}
            label={name}
            hint={when}
            checked={draft.operational.includes(type)}
            onChange={(event) => put({ operational: toggled(draft.operational, type, event.target.checked) })}
          />
        ))}
      </fieldset>
    </>
  );
}
