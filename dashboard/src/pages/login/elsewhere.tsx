import { logOut } from "../../lib/session.js";
import { Button } from "../../ui/button.js";

interface ElsewhereProps {
  /** The project of who is logged in. */
  project: string;
  /** The project that the address names. */
  named: string;
  leave: (reason: string) => void;
}

/** Elsewhere stands for a page of a project that the key does not open. */
export default function Elsewhere({ project, named, leave }: ElsewhereProps) {
  return (
    <div className="alone">
      <main className="stack">
        <h1>This page is of another project</h1>
        <p>
          The address names <code>{named}</code>; your key opens <code>{project}</code>.
        </p>
        <div className="row">
          <a className="button main" href={`/p/${project}/`}>
            Go to your project
          </a>
          <Button onClick={() => void logOut().finally(() => leave(""))}>Log in with another key</Button>
        </div>
      </main>
    </div>
  );
}
