import { Check, Copy } from "lucide-react";
import { type ComponentProps, type ReactNode, useEffect, useState } from "react";
import { Link, type LinkProps } from "react-router";
import { Tip } from "./tip.js";

/** Look is how much a button asks to be pressed: once on a page "main", everywhere else less. */
export type Look = "plain" | "main" | "quiet" | "danger" | "main danger";

interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  /** Whether its work is under way: it cannot be pressed meanwhile. */
  busy?: boolean;
}

/** Button does something here. What goes to another page is a LinkButton. */
export function Button({
  look = "plain",
  busy = false,
  disabled,
  className = "",
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      className={`button ${look} ${className}`}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    />
  );
}

/** LinkButton goes to another page and looks like a button. */
export function LinkButton({ look = "plain", ...rest }: LinkProps & { look?: Look }) {
  return <Link className={`button ${look}`} {...rest} />;
}

interface IconButtonProps extends Omit<ButtonProps, "aria-label"> {
  /** What it does, for those who do not see the icon; also its tip. */
  label: string;
  children: ReactNode;
}

/** IconButton is a button of one icon. */
export function IconButton({ label, className = "", look = "quiet", ...rest }: IconButtonProps) {
  return (
    <Tip text={label}>
      <Button look={look} className={`icon ${className}`} aria-label={label} {...rest} />
    </Tip>
  );
}

/** CopyButton puts a text on the clipboard and says so. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return;
    }
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void copyText(text).then(setCopied);
  return (
    <>
      <IconButton label={copied ? "Copied" : label} onClick={copy}>
        {copied ? <Check size={15} /> : <Copy size={15} />}
      </IconButton>
      <span role="status" className="hidden-text">
        {copied ? "Copied" : ""}
      </span>
    </>
  );
}

/** copyText copies; also over plain http, where browsers give pages no clipboard. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

/** Copyable shows a text as code, with a button that copies it. */
export function Copyable({ text, label }: { text: string; label?: string }) {
  return (
    <span className="copyable">
      <code>{text}</code>
      <CopyButton text={text} {...(label && { label })} />
    </span>
  );
}
