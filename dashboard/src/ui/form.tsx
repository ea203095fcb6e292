import { ConnectError } from "@connectrpc/connect";
import { violationsOf } from "@synchook/client";
import { Switch as RadixSwitch } from "radix-ui";
import {
  type ComponentProps,
  createContext,
  type FormEvent,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useState,
} from "react";
import { Button } from "./button.js";
import { FaultNote } from "./note.js";

/** Complaints are what the server says about the fields of a form, by the path of each. */
type Complaints = ReadonlyMap<string, string>;

const ComplaintsContext = createContext<Complaints>(new Map());

interface FormProps {
  onSubmit: () => void;
  /** What the last try met; a mutation's error. */
  error: unknown;
  children: ReactNode;
}

/** Form sends its fields together. What the server says about a field stands at the <Field> of that name. */
export function Form({ onSubmit, error, children }: FormProps) {
  const complaints = complaintsOf(error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <ComplaintsContext value={complaints}>
      <form className="stack" onSubmit={submit} noValidate>
        {error ? <FaultNote error={error} /> : null}
        {children}
      </form>
    </ComplaintsContext>
  );
}

function complaintsOf(error: unknown): Complaints {
  const violations = error instanceof ConnectError ? violationsOf(error) : [];
  return new Map(violations.map(({ field, message }) => [field, message]));
}

/** useComplaint returns what the server says about a field, or about something inside it. */
export function useComplaint(name: string | undefined): string | undefined {
  const complaints = useContext(ComplaintsContext);
  if (!name) {
    return undefined;
  }
  const inside = [...complaints].find(([path]) => path.startsWith(`${name}[`) || path.startsWith(`${name}.`));
  return complaints.get(name) ?? inside?.[1];
}

/** Told is what a control must be given to be one with its label, hint and complaint. */
export interface Told {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface FieldProps {
  label: string;
  /** The field's path in the request, such as "settings.webhook_url". */
  name?: string;
  hint?: ReactNode;
  /** What the page itself has found wrong. */
  wrong?: string | undefined;
  children: (told: Told) => ReactNode;
}

/** Field is a control with its label, a hint, and what is wrong with it. */
export function Field({ label, name, hint, wrong, children }: FieldProps) {
  const id = useId();
  const complaint = useComplaint(name);
  const shown = wrong ?? complaint;
  const described = [hint && `${id}-hint`, shown && `${id}-wrong`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(described && { "aria-describedby": described }),
        ...(shown && { "aria-invalid": true }),
      })}
      {shown && (
        <span className="wrong" id={`${id}-wrong`} role="alert">
          {shown}
        </span>
      )}
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

interface TextProps extends Omit<ComponentProps<"input">, "onChange" | "name"> {
  value: string;
  onChange: (value: string) => void;
}

/** Text is a line of text. */
export function Text({ onChange, className = "", ...rest }: TextProps) {
  return (
    <input
      className={`input ${className}`}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
      {...rest}
    />
  );
}

/** How long a filter waits for the next letter, in milliseconds. */
const filterPause = 400;

/** FilterText is a line of text that a list is filtered by: once it is written, and not letter by letter. */
export function FilterText({ value, onChange, ...rest }: TextProps) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  if (shown !== value) {
    setShown(value); // it was changed elsewhere, as by "Show all"
    setText(value);
  }
  const written = text.trim();
  useEffect(() => {
    if (written === value) {
      return undefined;
    }
    const timer = setTimeout(() => onChange(written), filterPause);
    return () => clearTimeout(timer);
  }, [written, value, onChange]);
  return <Text {...rest} value={text} onChange={setText} />;
}

interface SelectProps extends Omit<ComponentProps<"select">, "onChange" | "children"> {
  value: string;
  onChange: (value: string) => void;
  options: { value: string; text: string }[];
}

/** Select is one of a few. */
export function Select({ onChange, options, className = "", ...rest }: SelectProps) {
  return (
    <select className={`input ${className}`} onChange={(event) => onChange(event.target.value)} {...rest}>
      {options.map(({ value, text }) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

interface SwitchProps {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

/** Switch turns something on and off, at once. */
export function Switch({ label, hint, checked, disabled = false, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="switch-row">
      <RadixSwitch.Root
        className="switch"
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        {...(hint && { "aria-describedby": `${id}-hint` })}
      >
        <RadixSwitch.Thumb />
      </RadixSwitch.Root>
      <div className="field">
        <label htmlFor={id}>{label}</label>
        {hint && (
          <span className="hint" id={`${id}-hint`}>
            {hint}
          </span>
        )}
      </div>
    </div>
  );
}

/** Check is one of several that may be chosen together. */
export function Check({
  label,
  hint,
  ...rest
}: { label: string; hint?: string } & Omit<ComponentProps<"input">, "type">) {
  const id = useId();
  return (
    <div className="check">
      <input type="checkbox" id={id} {...rest} />
      <label htmlFor={id}>
        {label}
        {hint && <span className="soft"> – {hint}</span>}
      </label>
    </div>
  );
}

interface FiltersProps {
  /** Whether any is set. */
  any: boolean;
  onClear: () => void;
  children: ReactNode;
}

/** Filters are the fields above a list that say what it holds. */
export function Filters({ any, onClear, children }: FiltersProps) {
  return (
    <search className="filters" aria-label="Filters">
      {children}
      {any && (
        <Button look="quiet" onClick={onClear}>
          Show all
        </Button>
      )}
    </search>
  );
}
