import { bodyText } from "../lib/words.js";
import { Code } from "./note.js";

interface MessageProps {
  /** What it is: stands on what opens it. */
  title: string;
  /** What it is, for those who do not see the page. Unset: the title. */
  label?: string;
  /** Its first line, such as "POST https://app.example/webhook". */
  first?: string;
  headers: Record<string, string>;
  /** Unset: it is shown elsewhere. */
  body?: Uint8Array;
}

/** Message is a request or an answer of HTTP, which opens. Headers that are not told have no value. */
export function Message({ title, label = title, first, headers, body }: MessageProps) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value || "(not shown)"}`);
  const head = [...(first ? [first] : []), ...lines].join("\n");
  return (
    <details>
      <summary>{title}</summary>
      <Code label={label} text={[head, ...(body?.length ? [bodyText(body)] : [])].join(head ? "\n\n" : "")} />
    </details>
  );
}
