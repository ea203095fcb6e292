import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import {
  EndpointService,
  OperationalType,
  type SendTestWebhookResponse_Phases as Phases,
  type SendTestWebhookResponse,
} from "@synchook/client/gen/endpoint_pb";
import { useState } from "react";
import { secondsOf, sentence, spanText } from "../../lib/words.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field, Select } from "../../ui/form.js";
import { Message } from "../../ui/message.js";
import { FaultNote, Note } from "../../ui/note.js";
import { Facts } from "../../ui/page.js";
import { operationalTypes } from "./operational.js";

interface SendTestProps {
  /** The endpoint; empty: the webhook URL. */
  endpointId: string;
  open: boolean;
  onClose: () => void;
}

/** SendTest sends a test webhook and shows what came of it. */
export function SendTest({ endpointId, open, onClose }: SendTestProps) {
  const [type, setType] = useState(OperationalType.UNSPECIFIED);
  const test = useMutation(EndpointService.method.sendTestWebhook);
  const send = () => test.mutate({ endpointId, operationalType: type });
  return (
    <Dialog open={open} onClose={onClose} title="Send a test webhook" className="wide">
      <div className="stack">
        <div className="line-form">
          <Field label="Which body">
            {(told) => (
              <Select
                {...told}
                value={String(type)}
                onChange={(chosen) => setType(Number(chosen))}
                options={[
                  { value: "0", text: "a sync's webhook" },
                  ...operationalTypes.map(({ type: one, name }) => ({ value: String(one), text: name })),
                ]}
              />
            )}
          </Field>
          <Button look="main" busy={test.isPending} onClick={send}>
            {test.isPending ? "Waiting for the answer…" : "Send it"}
          </Button>
        </div>
        <div className="stack" aria-live="polite">
          {test.error ? <FaultNote error={test.error} /> : null}
          {test.data && <Result result={test.data} />}
        </div>
      </div>
    </Dialog>
  );
}

function Result({ result }: { result: SendTestWebhookResponse }) {
  const { success, reason, phases, status, address, tls, response, responseHeaders, requestHeaders, body } =
    result;
  return (
    <>
      <Note tone={success ? "good" : "bad"} title={success ? "It arrived." : "It did not arrive."}>
        <p>{sentence(reason)}</p>
      </Note>
      <Facts
        facts={[
          ["Status", status === 0 ? "no answer" : String(status)],
          ["Address called", address || "none"],
          ["Took", spanText(secondsOf(phases?.total))],
          ...(tls
            ? ([
                [
                  "Encryption",
                  `${tls.version}, certificate of ${tls.issuer} until ${tls.expireTime ? timestampDate(tls.expireTime).toLocaleDateString() : "?"}`,
                ],
              ] as [string, string][])
            : []),
        ]}
      />
      {phases && <PhaseBars phases={phases} />}
      {response.length > 0 && <Message title="The answer" headers={responseHeaders} body={response} />}
      <Message title="What was sent" headers={requestHeaders} body={body} />
    </>
  );
}

function PhaseBars({ phases }: { phases: Phases }) {
  const total = secondsOf(phases.total) || 1;
  const parts: [string, number][] = [
    ["Looking up the name", secondsOf(phases.nameLookup)],
    ["Connecting", secondsOf(phases.connect)],
    ["TLS handshake", secondsOf(phases.tlsHandshake)],
    ["Waiting for the answer", secondsOf(phases.wait)],
    ["Reading it", secondsOf(phases.read)],
  ];
  const shown = parts.filter(([, seconds]) => seconds > 0);
  let before = 0;
  return (
    <ol className="phases">
      {shown.map(([name, seconds]) => {
        const left = before;
        before += seconds;
        return (
          <li key={name}>
            <span>{name}</span>
            <span className="track" aria-hidden>
              <i
                style={{
                  marginLeft: `${(left / total) * 100}%`,
                  width: `${Math.max(1, (seconds / total) * 100)}%`,
                }}
              />
            </span>
            <span className="number soft">{spanText(seconds)}</span>
          </li>
        );
      })}
    </ol>
  );
}
