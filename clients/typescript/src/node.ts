/**
 * The client of synchook over Node's own HTTP/2: many calls and streams share one connection. It
 * needs the package `@connectrpc/connect-node` beside this one.
 *
 * @module
 */
import { createConnectTransport } from "@connectrpc/connect-node";
import { type Access, authenticate, createClientOver, type SynchookClient } from "./client.js";

/** NodeClientOptions are what createNodeClient needs to know. */
export interface NodeClientOptions extends Access {
  /** The version of HTTP. Unset: "2", which synchook speaks with and without TLS. */
  httpVersion?: "1.1" | "2";
}

/** createNodeClient makes the clients of all services, over Node's own HTTP modules. */
export function createNodeClient(options: NodeClientOptions): SynchookClient {
  return createClientOver(
    createConnectTransport({
      baseUrl: options.baseUrl,
      httpVersion: options.httpVersion ?? "2",
      interceptors: [authenticate(options)],
    }),
  );
}
