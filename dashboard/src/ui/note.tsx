import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { explain } from "../lib/fault.js";
import type { Tone } from "./badge.js";
import { Button } from "./button.js";

const icons = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert, info: Info, mute: Info };

/** Note is something that whoever looks at the page should read. */
export function Note({ tone, title, children }: { tone: Tone; title?: string; children?: ReactNode }) {
  const Icon = icons[tone];
  return (
    <div className={`note tone-${tone}`} role={tone === "bad" ? "alert" : "note"}>
      <Icon size={16} aria-hidden />
      <div>
        {title && <strong>{title}</strong>}
        {children && <div className="note-text">{children}</div>}
      </div>
    </div>
  );
}

/** FaultNote says what went wrong and what to do, and offers to try again. */
export function FaultNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, help, passes } = explain(error);
  return (
    <Note tone={passes ? "warn" : "bad"} title={title}>
      <p>{help}</p>
      {retry && !passes && (
        <Button look="plain" onClick={retry}>
          Try again
        </Button>
      )}
    </Note>
  );
}

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  /** What would be here, and how it comes about. */
  children?: ReactNode;
  action?: ReactNode;
}

/** Empty stands where nothing is yet, and teaches how something comes. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      {icon}
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** NothingMatches stands where the filters of a list leave nothing. */
export function NothingMatches({
  icon,
  what,
  onClear,
}: {
  icon: ReactNode;
  what: string;
  onClear: () => void;
}) {
  return (
    <Empty icon={icon} title="Nothing matches" action={<Button onClick={onClear}>Show all</Button>}>
      No {what} that is kept is as the filters say.
    </Empty>
  );
}

/** Skeleton takes the room of what is being read. */
export function Skeleton({ width = "100%", height = 16 }: { width?: number | string; height?: number }) {
  return <span className="skeleton" style={{ width, height }} aria-hidden />;
}

/** Code shows a text as it is. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="code" tabIndex={0} aria-label={label}>
      <pre>{text}</pre>
    </section>
  );
}
