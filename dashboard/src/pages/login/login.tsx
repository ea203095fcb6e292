import { type FormEvent, useEffect, useState } from "react";
import { explain } from "../../lib/fault.js";
import { logIn, type Session } from "../../lib/session.js";
import { Brand } from "../../shell/brand.js";
import { Button } from "../../ui/button.js";
import { Field, Text } from "../../ui/form.js";
import { FaultNote, Note } from "../../ui/note.js";
import "./login.css";

/** Why the server ended a session, in words. */
const endings: Record<string, string> = {
  session_expired: "You were logged in for a week. Log in again; nothing was lost.",
  unknown_api_key: "The key that you logged in with is unknown or was revoked. Log in with another one.",
  session_unknown: "The server's encryption key has changed. Log in again.",
};

/** LogIn asks for a key. */
export default function LogIn({ ended, onLogIn }: { ended: string; onLogIn: (session: Session) => void }) {
  const { key, setKey, busy, error, submit } = useLogIn(onLogIn);
  useEffect(() => {
    document.title = "Log in · synchook";
  }, []);
  return (
    <div className="alone">
      <main className="login">
        <h1 className="brand">
          <Brand />
        </h1>
        {ended && !error && (
          <Note tone="info" title={endings[ended] ?? "Your session has ended. Log in again."} />
        )}
        <form className="stack" onSubmit={submit}>
          <Field
            label="API key"
            hint="A project's key (sk_…), or the admin key. It is kept out of reach of scripts."
            wrong={error && !explain(error).passes ? explain(error).title : undefined}
          >
            {(told) => <Text {...told} type="password" value={key} onChange={setKey} required autoFocus />}
          </Field>
          {error ? <FaultNote error={error} /> : null}
          <Button type="submit" look="main" busy={busy} disabled={key.trim() === ""}>
            {busy ? "Logging in…" : "Log in"}
          </Button>
        </form>
      </main>
    </div>
  );
}

function useLogIn(onLogIn: (session: Session) => void) {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    logIn(key)
      .then((session) => session && onLogIn(session), setError)
      .finally(() => setBusy(false));
  };
  return { key, setKey, busy, error, submit };
}
