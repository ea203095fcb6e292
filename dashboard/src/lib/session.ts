import { createContext, useContext } from "react";

/** Scope is what an API key may do. */
export type Scope = "read" | "write" | "deploy" | "ingest";

/** Session is who is logged in. */
export interface Session {
  /** Whether the admin key logged in, which belongs to no project. */
  admin: boolean;
  /** The project of an API key; empty for the admin. */
  project: string;
  /** The API key's ID; empty for the admin. */
  key: string;
  scopes: Scope[];
  /** The version of the server. */
  version: string;
}

/** HttpFault is a fault that the server told outside of an RPC. */
export class HttpFault extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly help: string,
  ) {
    super(message);
  }
}

/** sessionHeaders say that a request comes from the dashboard: the cookie counts with them only. */
export const sessionHeaders = { "synchook-session": "1" } as const;

async function ask(method: "GET" | "POST" | "DELETE", body?: object): Promise<Response> {
  const response = await fetch("/session", {
    method,
    headers: { ...sessionHeaders, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    throw await faultOf(response);
  }
  return response;
}

async function faultOf(response: Response): Promise<HttpFault> {
  const told = await response.json().catch(() => ({}));
  const {
    reason = "",
    message = "the server answered with an error",
    help = "Try again.",
  } = told.error ?? {};
  return new HttpFault(response.status, reason, message, help);
}

function sessionOf(shown: Partial<Session> & { signed_in: boolean }): Session | undefined {
  if (!shown.signed_in) {
    return undefined;
  }
  const { admin = false, project = "", key = "", scopes = [], version = "" } = shown;
  return { admin, project, key, scopes, version };
}

/** Found is what asking for the session gave: the session, or why it has ended. */
export interface Found {
  session: Session | undefined;
  /** Why the server ended the session; empty: there was none. */
  ended: string;
}

/** findSession asks who is logged in. */
export async function findSession(): Promise<Found> {
  const shown = await (await ask("GET")).json();
  return { session: sessionOf(shown), ended: shown.ended ?? "" };
}

/** logIn makes a session of a key. The key is kept by nobody but the server, sealed in a cookie. */
export async function logIn(key: string): Promise<Session | undefined> {
  return sessionOf(await (await ask("POST", { key })).json());
}

/** logOut ends the session in this browser. */
export async function logOut(): Promise<void> {
  await ask("DELETE");
}

/** Where a person is: who is logged in, and in which project. */
export interface Place {
  session: Session;
  project: string;
  /** Whether the session may do what the scope opens. */
  may(scope: Scope): boolean;
  /** Ends the session here: by wish, or because the server ended it. */
  leave(reason: string): void;
}

export const PlaceContext = createContext<Place | undefined>(undefined);

/** usePlace returns who is logged in, and in which project. */
export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) {
    throw new Error("usePlace is for pages of a project");
  }
  return place;
}
