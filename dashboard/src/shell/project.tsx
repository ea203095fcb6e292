import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { createBrowserRouter, Link, type RouteObject } from "react-router";
import { RouterProvider } from "react-router/dom";
import { connect } from "../lib/rpc.js";
import { PlaceContext, type Scope, type Session } from "../lib/session.js";
import { type Area, areas } from "../routes.js";
import { Empty } from "../ui/note.js";
import { Page } from "../ui/page.js";
import { Broken } from "./broken.js";
import { Shell } from "./shell.js";

interface ProjectProps {
  session: Session;
  project: string;
  leave: (reason: string) => void;
}

/** Project is all pages of one project. Their paths begin with /p/PROJECT, which no page needs to know. */
export function Project({ session, project, leave }: ProjectProps) {
  const [rpc] = useState(() => connect(project, leave));
  const [router] = useState(() => createBrowserRouter(routes(), { basename: `/p/${project}` }));
  const place = useMemo(
    () => ({
      session,
      project,
      leave,
      may: (scope: Scope) => session.admin || session.scopes.includes(scope),
    }),
    [session, project, leave],
  );
  return (
    <PlaceContext value={place}>
      <TransportProvider transport={rpc.transport}>
        <QueryClientProvider client={rpc.queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </TransportProvider>
    </PlaceContext>
  );
}

function routes(): RouteObject[] {
  const pages = areas.map(routeOf);
  const children = [{ ErrorBoundary: Broken, children: [...pages, { path: "*", Component: Nowhere }] }];
  return [{ Component: Shell, HydrateFallback: Nothing, ErrorBoundary: Broken, children }];
}

function routeOf({ path, load }: Area): RouteObject {
  const lazy = async () => ({ Component: (await load()).default });
  return path === "" ? { index: true, lazy } : { path, lazy };
}

function Nothing() {
  return null;
}

function Nowhere() {
  return (
    <Page title="There is no such page">
      <Empty title="Nothing is at this address" action={<Link to="/">Go to the overview</Link>}>
        It may be of another version of synchook, or mistyped.
      </Empty>
    </Page>
  );
}
