import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { QueryCache, QueryClient } from "@tanstack/react-query";
import { explain, isSignedOut } from "./fault.js";
import { noteAnswer, noteFault } from "./online.js";
import { sessionHeaders } from "./session.js";

/** What a project's pages stand on: how they ask the server, and what they remember of its answers. */
export interface Rpc {
  transport: Transport;
  queries: QueryClient;
}

/** connect makes what the pages of one project stand on. `leave` is called when the server ends the session. */
export function connect(project: string, leave: (reason: string) => void): Rpc {
  const queries = newQueries(leave);
  const transport = createConnectTransport({
    baseUrl: window.location.origin,
    interceptors: [inProject(project), watchful(() => queries.invalidateQueries())],
  });
  return { transport, queries };
}

/** inProject names the project, which the admin key needs, and says that the request is the dashboard's. */
export function inProject(project: string): Interceptor {
  return (next) => (request) => {
    for (const [name, value] of Object.entries(sessionHeaders)) {
      request.header.set(name, value);
    }
    if (project) {
      request.header.set("synchook-project", project);
    }
    return next(request);
  };
}

/** watchful notices when the server goes and comes back. */
function watchful(back: () => void): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(request);
      noteAnswer();
      return response;
    } catch (error) {
      if (!request.signal.aborted) {
        noteFault(error, back);
      }
      throw error;
    }
  };
}

function newQueries(leave: (reason: string) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (isSignedOut(error)) {
          leave("unknown_api_key");
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // A fault that passes is asked after by `online`, which then asks for everything anew.
        retry: (count, error) =>
          count < 1 && !isSignedOut(error) && explain(error).title.includes("of its own"),
        networkMode: "always",
        // What failed for another reason is asked for again until it is there.
        refetchInterval: ({ state }) => (state.status === "error" ? 5_000 : false),
      },
      mutations: { networkMode: "always" },
    },
  });
}
