/**
 * What synchook says of a call that it could not answer.
 *
 * @module
 */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type Code, ConnectError } from "@connectrpc/connect";
import { ProblemSchema } from "./gen/synchook/v1/error_pb.js";

/** Violation says what is wrong with one field of a request. */
export interface Violation {
  /** The field as its path in the request, such as "settings.webhook_url" or "scopes[0]". */
  field: string;
  /** A sentence for people. */
  message: string;
}

/** SynchookProblem is what synchook says of a call that it could not answer. */
export interface SynchookProblem {
  /** The kind of the error, the same in each protocol. */
  code: Code;
  /** A word for programs, such as "endpoint_without_url". Empty: there is none. */
  reason: string;
  /** A sentence for people. */
  message: string;
  /** What to do. Empty: that is not said. */
  help: string;
  /** What is wrong with fields of the request. */
  violations: Violation[];
}

/**
 * problemOf returns what synchook says in an error of a call. What is no such error, as when the server cannot be reached,
 * has the code "unknown" or "unavailable" and no reason.
 */
export function problemOf(error: unknown): SynchookProblem {
  const failed = ConnectError.from(error);
  const [said] = failed.findDetails(ProblemSchema);
  return {
    code: failed.code,
    reason: said?.reason ?? "",
    message: failed.rawMessage,
    help: said?.help ?? "",
    violations: violationsOf(failed),
  };
}

/** violationsOf returns what an error says about the fields of its request. */
export function violationsOf(error: ConnectError): Violation[] {
  return error.details.flatMap((detail) =>
    "type" in detail && detail.type === "buf.validate.Violations" ? readList(detail.value) : [],
  );
}

/** readList reads buf.validate.Violations, of which the client has no generated code. */
function readList(bytes: Uint8Array): Violation[] {
  const list: Violation[] = [];
  eachField(bytes, (field, reader) => {
    if (field !== 1) {
      return false;
    }
    list.push(readViolation(reader.bytes()));
    return true;
  });
  return list;
}

function readViolation(bytes: Uint8Array): Violation {
  const violation = { field: "", message: "" };
  eachField(bytes, (field, reader) => {
    if (field === 3) {
      violation.message = sentence(reader.string());
    } else if (field === 5) {
      violation.field = readPath(reader.bytes());
    } else {
      return false;
    }
    return true;
  });
  return violation;
}

function readPath(bytes: Uint8Array): string {
  const elements: string[] = [];
  eachField(bytes, (field, reader) => {
    if (field !== 1) {
      return false;
    }
    elements.push(readElement(reader.bytes()));
    return true;
  });
  return elements.join(".");
}

function readElement(bytes: Uint8Array): string {
  let [name, subscript] = ["", ""];
  eachField(bytes, (field, reader) => {
    if (field === 2) {
      name = reader.string();
    } else if (field === 6) {
      subscript = `[${reader.uint64()}]`;
    } else if (field === 10) {
      subscript = `[${JSON.stringify(reader.string())}]`;
    } else {
      return false;
    }
    return true;
  });
  return name + subscript;
}

/** eachField calls `read` with each field of a message; what it does not read is left out. */
function eachField(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!read(field, reader)) {
      reader.skip(wireType, field);
    }
  }
}

/** sentence gives a message a capital letter and a full stop. */
function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}
