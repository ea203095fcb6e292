import { TransportProvider, useQuery } from "@connectrpc/connect-query";
import { type Project, ProjectService } from "@synchook/client/gen/project_pb";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useChange } from "../../lib/change.js";
import { usePages } from "../../lib/pages.js";
import { connect } from "../../lib/rpc.js";
import { logOut } from "../../lib/session.js";
import { Await } from "../../ui/await.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { SecretDialog } from "../../ui/dialog.js";
import { Field, Form, Text } from "../../ui/form.js";
import { Empty, Skeleton } from "../../ui/note.js";
import "./login.css";

/** Projects lets the admin choose a project, or make one. */
export default function Projects({ leave }: { leave: (reason: string) => void }) {
  const [rpc] = useState(() => connect("", leave));
  useEffect(() => {
    document.title = "Projects · synchook";
  }, []);
  return (
    <TransportProvider transport={rpc.transport}>
      <QueryClientProvider client={rpc.queries}>
        <div className="alone">
          <main className="stack">
            <div className="row spread">
              <h1>Projects</h1>
              <Button look="quiet" onClick={() => void logOut().finally(() => leave(""))}>
                Log out
              </Button>
            </div>
            <ProjectList />
            <NewProject />
          </main>
        </div>
      </QueryClientProvider>
    </TransportProvider>
  );
}

function ProjectList() {
  const first = useQuery(ProjectService.method.listProjects, {});
  const paged = usePages(ProjectService.method.listProjects, {}, { rows: (page) => page.projects });
  return (
    <Card title="Choose a project">
      <Await query={first} meanwhile={<Skeleton height={44} />}>
        {() => (
          <>
            <ul className="projects">
              {paged.rows.map((project: Project) => (
                <li key={project.id}>
                  <a href={`/p/${project.id}/`}>
                    <strong>{project.name}</strong>
                    <code className="soft">{project.id}</code>
                  </a>
                </li>
              ))}
            </ul>
            {!paged.loading && paged.rows.length === 0 && (
              <Empty title="There is none yet">Make the first one below.</Empty>
            )}
            {paged.more && (
              <Button look="quiet" busy={paged.loadingMore} onClick={paged.loadMore}>
                Show more
              </Button>
            )}
          </>
        )}
      </Await>
    </Card>
  );
}

function NewProject() {
  const [name, setName] = useState("");
  const change = useChange(ProjectService.method.createProject, { quiet: true, after: () => setName("") });
  return (
    <Card title="Make a project" about="An isolated world with its own settings, keys and data.">
      <Form onSubmit={() => change.mutate({ name })} error={change.error}>
        <Field label="Name" name="name">
          {(told) => <Text {...told} value={name} onChange={setName} />}
        </Field>
        <Button type="submit" busy={change.isPending} disabled={name === ""}>
          Make it
        </Button>
      </Form>
      <SecretDialog
        title="The project's first API key"
        secret={change.data?.apiKey ?? ""}
        onClose={() => change.reset()}
      />
    </Card>
  );
}
