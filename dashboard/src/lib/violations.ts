import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { ConnectError } from "@connectrpc/connect";

/** Violation says what is wrong with one field of a request. */
export interface Violation {
  /** The field as its path in the request, such as "settings.webhook_url" or "scopes[0]". */
  field: string;
  /** A sentence for people. */
  message: string;
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
export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}
