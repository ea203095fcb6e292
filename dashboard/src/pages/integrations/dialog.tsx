import { type Integration, IntegrationService } from "@synchook/client/gen/integration_pb";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field, Form, Select, Text } from "../../ui/form.js";
import { MatchFields, type Matching, matchingOf, matchOf, TryOut } from "./match.js";
import "./integrations.css";

const providers = [
  { value: "github", text: "GitHub" },
  { value: "standard-webhooks", text: "Standard Webhooks" },
];

/** Draft is an integration as a person writes it. */
interface Draft {
  key: string;
  provider: string;
  secret: string;
  baseUrl: string;
  matching: Matching;
}

interface DialogProps {
  /** The integration to change; unset: a new one is made. */
  integration?: Integration;
  onClose: () => void;
}

/** IntegrationDialog sets a provider up, or changes how it is. */
export function IntegrationDialog({ integration, onClose }: DialogProps) {
  const [draft, setDraft] = useState<Draft>({
    key: integration?.providerConfigKey ?? "github",
    provider: integration?.provider ?? "github",
    secret: "",
    baseUrl: integration?.baseUrl ?? "",
    matching: matchingOf(integration?.match),
  });
  const make = useChange(IntegrationService.method.createIntegration, {
    quiet: true,
    done: "The integration is made. Give its URL to the provider.",
    after: onClose,
  });
  const update = useChange(IntegrationService.method.updateIntegration, {
    quiet: true,
    done: "The integration is changed.",
    after: onClose,
  });
  const submit = () => {
    const secrets = draft.secret ? { webhookSecrets: [draft.secret] } : {};
    const given = {
      providerConfigKey: draft.key.trim(),
      provider: draft.provider,
      baseUrl: draft.baseUrl.trim(),
      match: matchOf(draft.matching),
      ...secrets,
    };
    if (integration) {
      const paths = ["base_url", "match", ...(draft.secret ? ["webhook_secrets"] : [])];
      update.mutate({ integration: given, updateMask: { paths } });
    } else {
      make.mutate({ integration: given });
    }
  };
  return (
    <Dialog open onClose={onClose} title={integration ? `Edit ${draft.key}` : "Add an integration"}>
      <Form onSubmit={submit} error={make.error ?? update.error}>
        <Fields draft={draft} fixed={integration !== undefined} onChange={setDraft} />
        <MatchFields matching={draft.matching} onChange={(matching) => setDraft({ ...draft, matching })} />
        {integration && <TryOut integration={integration} matching={draft.matching} />}
        <div className="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={make.isPending || update.isPending}>
            {integration ? "Save" : "Add it"}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

interface FieldsProps {
  draft: Draft;
  /** Whether it exists, so that its name and provider stay. */
  fixed: boolean;
  onChange: (draft: Draft) => void;
}

function Fields({ draft, fixed, onChange }: FieldsProps) {
  return (
    <>
      {!fixed && (
        <>
          <Field label="Provider" name="integration.provider">
            {(told) => (
              <Select
                {...told}
                value={draft.provider}
                options={providers}
                onChange={(provider) => onChange({ ...draft, provider })}
              />
            )}
          </Field>
          <Field
            label="Name"
            name="integration.provider_config_key"
            hint="How your app, your syncs and the URL call it."
          >
            {(told) => <Text {...told} value={draft.key} onChange={(key) => onChange({ ...draft, key })} />}
          </Field>
        </>
      )}
      <Field
        label="Webhook secret"
        name="integration.webhook_secrets"
        hint={
          fixed
            ? "Empty: it stays as it is."
            : "What the provider signs with. You choose it, or the provider shows it."
        }
      >
        {(told) => (
          <Text
            {...told}
            type="password"
            autoComplete="new-password"
            value={draft.secret}
            onChange={(secret) => onChange({ ...draft, secret })}
          />
        )}
      </Field>
      <Field label="Base URL of the API" name="integration.base_url" hint="Empty: the provider's own.">
        {(told) => (
          <Text {...told} value={draft.baseUrl} onChange={(baseUrl) => onChange({ ...draft, baseUrl })} />
        )}
      </Field>
    </>
  );
}
