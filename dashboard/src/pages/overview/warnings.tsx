import { useQuery as useRpcQuery } from "@connectrpc/connect-query";
import { IntegrationService } from "@synchook/client/gen/integration_pb";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Note } from "../../ui/note.js";

/** Problem is something that is wrong with the server or what it stands on. */
interface Problem {
  part: string;
  message: string;
  help: string;
  fatal: boolean;
}

async function readProblems(): Promise<Problem[]> {
  const { problems = [] } = await (await fetch("/readyz")).json();
  return problems;
}

/** Warnings says what is wrong with the server, such as a Redis that can lose data, and with what is set up. */
export function Warnings() {
  return (
    <>
      <ServerWarnings />
      <SecretWarnings />
    </>
  );
}

function ServerWarnings() {
  const { data = [] } = useQuery({ queryKey: ["readyz"], queryFn: readProblems, refetchInterval: 15_000 });
  return data.map(({ message, help, fatal }) => (
    <Note key={message} tone={fatal ? "bad" : "warn"} title={message}>
      <p>{help}</p>
    </Note>
  ));
}

/** SecretWarnings names the integrations that can verify nothing. */
function SecretWarnings() {
  const { data } = useRpcQuery(
    IntegrationService.method.listIntegrations,
    { pageSize: 1000 },
    { refetchInterval: 15_000 },
  );
  const bare = (data?.integrations ?? []).filter(({ webhookSecretCount }) => webhookSecretCount === 0);
  return bare.length === 0 ? null : (
    <Note
      tone="warn"
      title={`No webhook of ${bare.map(({ providerConfigKey }) => providerConfigKey).join(", ")} is accepted.`}
    >
      <p>
        Without a secret none can be verified. Give <Link to="/integrations">the integration</Link> the one
        that its provider signs with.
      </p>
    </Note>
  );
}
