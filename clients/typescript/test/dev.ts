import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Announcement is what `synchook dev --print-json` prints when it is ready. */
interface Announcement {
  url: string;
  project_id: string;
  api_key: string;
  admin_key: string;
  signing_secret: string;
}

/** Dev is a running `synchook dev` with an empty project. */
export interface Dev extends Announcement {
  /** Ends the process, waits for it and removes its data. */
  stop(): Promise<void>;
}

/** startDev starts the binary that SYNCHOOK_BIN names, on a free port and in a folder of its own. */
export async function startDev(): Promise<Dev> {
  const binary = process.env.SYNCHOOK_BIN;
  if (!binary) {
    throw new Error(
      "SYNCHOOK_BIN names no binary of synchook: run `make clients`, which builds one and sets it.",
    );
  }
  const data = await mkdtemp(join(tmpdir(), "synchook-"));
  const args = ["dev", "--listen", "127.0.0.1:0", "--data", data, "--print-json"];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  const stop = async () => {
    await end(child);
    await rm(data, { recursive: true, force: true });
  };
  try {
    return { ...(await announcement(child)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** announcement reads the one line of JSON that says where the server is and with what keys. */
async function announcement(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Announcement> {
  const log: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => log.push(chunk));
  const ended = once(child, "close").then(() => {
    throw new Error(`synchook dev ended before it was ready:\n${Buffer.concat(log)}`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  return JSON.parse(line);
}

async function end(child: ChildProcessByStdio<null, Readable, Readable>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
