import { Tooltip } from "radix-ui";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { type Found, findSession, type Session } from "./lib/session.js";
import { Project } from "./shell/project.js";
import { FaultNote } from "./ui/note.js";
import { Toasts } from "./ui/toast.js";

const LogIn = lazy(() => import("./pages/login/login.js"));
const Projects = lazy(() => import("./pages/login/projects.js"));
const ElsewhereNote = lazy(() => import("./pages/login/elsewhere.js"));

/** App finds out who is logged in, and shows the log-in, the choice of a project, or its pages. */
export function App() {
  const { found, error, setFound } = useFoundSession();
  const leave = useCallback((ended: string) => setFound({ session: undefined, ended }), [setFound]);
  const enter = useCallback((session: Session) => setFound({ session, ended: "" }), [setFound]);
  return (
    <Tooltip.Provider delayDuration={350}>
      <Toasts>
        <Suspense>
          {error ? <Unreachable error={error} /> : null}
          {found && !found.session && <LogIn ended={found.ended} onLogIn={enter} />}
          {found?.session && <Inside session={found.session} leave={leave} />}
        </Suspense>
      </Toasts>
    </Tooltip.Provider>
  );
}

/** useFoundSession asks who is logged in, until somebody answers. */
function useFoundSession() {
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () =>
      findSession().then(
        (answer) => {
          setFound(answer);
          setError(undefined);
        },
        (fault) => {
          setError(fault);
          timer = setTimeout(ask, 1500);
        },
      );
    void ask();
    return () => clearTimeout(timer);
  }, []);
  return { found, error, setFound };
}

function Unreachable({ error }: { error: unknown }) {
  return (
    <div className="alone">
      <main>
        <FaultNote error={error} />
      </main>
    </div>
  );
}

function Inside({ session, leave }: { session: Session; leave: (reason: string) => void }) {
  const [, named] = window.location.pathname.match(/^\/p\/([^/]+)/) ?? [];
  if (session.admin && !named) {
    return <Projects leave={leave} />;
  }
  if (!session.admin && named && named !== session.project) {
    return <ElsewhereNote project={session.project} named={named} leave={leave} />;
  }
  const project = named ?? session.project;
  if (!named) {
    window.history.replaceState(undefined, "", `/p/${project}/`);
  }
  return <Project key={project} session={session} project={project} leave={leave} />;
}
