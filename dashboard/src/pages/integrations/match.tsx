import { skipToken, useQuery } from "@connectrpc/connect-query";
import { EventService } from "@synchook/client/gen/event_pb";
import type { Integration, Match, MatchRule } from "@synchook/client/gen/integration_pb";
import { useState } from "react";
import { eventOutcome } from "../../lib/states.js";
import { sentence } from "../../lib/words.js";
import { Badge } from "../../ui/badge.js";
import { Button } from "../../ui/button.js";
import { Field, Select, Text } from "../../ui/form.js";
import { FaultNote } from "../../ui/note.js";

type Way = "provider" | "rules" | "all";

/** Matching is how events find their connections, as a person writes it. */
export interface Matching {
  way: Way;
  rules: Pick<MatchRule, "from" | "to">[];
}

/** matchingOf reads it from an integration. */
export function matchingOf(match: Match | undefined): Matching {
  const rules = (match?.rules ?? []).map(({ from, to }) => ({ from, to }));
  return { way: match?.all ? "all" : rules.length > 0 ? "rules" : "provider", rules };
}

/** matchOf is what the API is given. */
export function matchOf({ way, rules }: Matching): { all: boolean; rules: Matching["rules"] } {
  return { all: way === "all", rules: way === "rules" ? rules : [] };
}

const ways: { value: Way; text: string }[] = [
  { value: "provider", text: "as the provider's events do" },
  { value: "rules", text: "by rules of your own" },
  { value: "all", text: "each goes to every connection" },
];

interface MatchFieldsProps {
  matching: Matching;
  onChange: (matching: Matching) => void;
}

/** MatchFields is how events find their connections. */
export function MatchFields({ matching: { way, rules }, onChange }: MatchFieldsProps) {
  const put = (index: number, changes: Partial<MatchRule>) =>
    onChange({ way, rules: rules.map((rule, i) => (i === index ? { ...rule, ...changes } : rule)) });
  return (
    <>
      <Field
        label="How an event finds its connections"
        name="integration.match.all"
        hint={way === "all" && "Then each customer's syncs see the events of all others."}
      >
        {(told) => (
          <Select
            {...told}
            value={way}
            options={ways}
            onChange={(chosen) =>
              onChange({ way: chosen as Way, rules: rules.length > 0 ? rules : [{ from: "", to: "" }] })
            }
          />
        )}
      </Field>
      {way === "rules" &&
        rules.map((rule, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rules have no other name than their place
          <div className="rule" key={index}>
            <Field label="The event's" name={`integration.match.rules[${index}].from`}>
              {(told) => (
                <Text
                  {...told}
                  value={rule.from}
                  placeholder="team.id"
                  onChange={(from) => put(index, { from })}
                />
              )}
            </Field>
            <Field label="is the connection's" name={`integration.match.rules[${index}].to`}>
              {(told) => (
                <Text
                  {...told}
                  value={rule.to}
                  placeholder="metadata.team"
                  onChange={(to) => put(index, { to })}
                />
              )}
            </Field>
            {rules.length > 1 && (
              <Button
                look="quiet"
                onClick={() => onChange({ way, rules: rules.filter((_, i) => i !== index) })}
              >
                Leave it out
              </Button>
            )}
          </div>
        ))}
      {way === "rules" && rules.length < 10 && (
        <Button look="quiet" onClick={() => onChange({ way, rules: [...rules, { from: "", to: "" }] })}>
          Add a rule, for events that have nothing there
        </Button>
      )}
    </>
  );
}

/** TryOut tries the rules on one of the last events. */
export function TryOut({ integration, matching }: { integration: Integration; matching: Matching }) {
  const [chosen, setChosen] = useState("");
  const { data } = useQuery(EventService.method.listEvents, {
    providerConfigKey: integration.providerConfigKey,
    pageSize: 20,
  });
  const events = data?.events ?? [];
  const id = chosen || (events[0]?.id ?? "");
  const complete = matching.way !== "rules" || matching.rules.every(({ from, to }) => from && to);
  const tried = useQuery(
    EventService.method.tryMatch,
    id && complete ? { id, match: matchOf(matching) } : skipToken,
    { retry: false },
  );
  if (events.length === 0) {
    return <p className="soft">When an event has come, the rules can be tried on it here.</p>;
  }
  const options = events.map(({ id: value, type, externalId }) => ({ value, text: `${type} ${externalId}` }));
  return (
    <div className="try-out">
      <Field label="Try it on">
        {(told) => <Select {...told} value={id} options={options} onChange={setChosen} />}
      </Field>
      {tried.error && <FaultNote error={tried.error} />}
      {tried.data && <Tried {...tried.data} />}
    </div>
  );
}

function Tried({
  outcome,
  reason,
  runs,
  more,
}: {
  outcome: Parameters<typeof eventOutcome>[0];
  reason: string;
  runs: { connectionId: string; syncName: string }[];
  more: boolean;
}) {
  const { word, tone } = eventOutcome(outcome);
  return (
    <div role="status">
      <p className="row">
        <Badge tone={tone}>{word}</Badge>
        {reason && <span>{sentence(reason)}</span>}
      </p>
      <ul className="lines">
        {runs.slice(0, 5).map(({ connectionId, syncName }) => (
          <li key={`${connectionId} ${syncName}`}>
            {syncName} would run for {connectionId}
          </li>
        ))}
        {(more || runs.length > 5) && <li className="soft">and more</li>}
      </ul>
    </div>
  );
}
