import { Code, ConnectError } from "@connectrpc/connect";
import { violationsOf } from "@synchook/client";
import { ProblemSchema } from "@synchook/client/gen/error_pb";
import { HttpFault } from "./session.js";
import { sentence } from "./words.js";

/** Explained is a fault in words: what happened, and what to do. */
export interface Explained {
  title: string;
  help: string;
  /** Whether it passes by itself, so that the same request is worth repeating. */
  passes: boolean;
}

const away: Explained = {
  title: "synchook does not answer.",
  help: "Check that it runs and that you are online. This page goes on by itself as soon as it answers.",
  passes: true,
};

/** isAway reports whether nobody answered: the server is gone, or the network. */
export function isAway(error: unknown): boolean {
  const cause = error instanceof ConnectError ? error.cause : error;
  return cause instanceof TypeError;
}

/** explain puts a fault into words. */
export function explain(error: unknown): Explained {
  if (isAway(error)) {
    return away;
  }
  if (error instanceof HttpFault) {
    return { title: sentence(error.message), help: error.help, passes: error.status === 503 };
  }
  return error instanceof ConnectError ? explainRpc(error) : unknownFault;
}

const unknownFault: Explained = {
  title: "The dashboard met a fault of its own.",
  help: "Reload the page. If it comes again, the browser's console says more.",
  passes: false,
};

function explainRpc(error: ConnectError): Explained {
  const [problem] = error.findDetails(ProblemSchema);
  const help = problem?.help || helpFor(error.code);
  const passes = error.code === Code.Unavailable || error.code === Code.DeadlineExceeded;
  const violations = violationsOf(error);
  if (violations.length > 0) {
    return {
      title: "Something that you gave cannot be taken as it is.",
      help: violations.map(({ message }) => sentence(message)).join(" "),
      passes,
    };
  }
  if (error.code === Code.Internal || error.code === Code.Unknown) {
    return { title: "synchook met a fault of its own.", help, passes };
  }
  return { title: sentence(error.rawMessage), help, passes };
}

function helpFor(code: Code): string {
  switch (code) {
    case Code.Unimplemented:
      return "This server is older than the dashboard: reload the page.";
    case Code.Unavailable:
    case Code.DeadlineExceeded:
      return "Nothing is lost. This page tries again by itself.";
    default:
      return "Try again. If it comes again, the server's log says more.";
  }
}

/** isSignedOut reports whether the server knows the session no more. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unauthenticated;
}

/** isAbsent reports whether what was asked for is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.NotFound;
}
