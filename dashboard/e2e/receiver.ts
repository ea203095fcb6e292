import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** Received is a webhook that came. */
export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** Receiver is a customer's app: it takes webhooks, and answers them with a status. It also stands for the external API. */
export interface Receiver {
  url: string;
  received: Received[];
  /** What it answers. */
  status: number;
  stop(): Promise<void>;
}

/** startReceiver starts one on a free port of this machine. */
export async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = { url: "", received: [], status: 200, stop: async () => undefined };
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "application/json" }).end('{"login":"octo"}');
      return;
    }
    let body = "";
    for await (const chunk of request) {
      body += chunk;
    }
    receiver.received.push({ headers: request.headers, body });
    response.writeHead(receiver.status).end("seen");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  receiver.stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return receiver;
}
