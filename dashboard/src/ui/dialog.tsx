import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { Button, Copyable } from "./button.js";
import { Note } from "./note.js";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  about?: ReactNode;
  children: ReactNode;
  /** The class of its window. */
  className?: string;
}

/** Dialog asks for something before all else. Escape and a press beside it close it. */
export function Dialog({ open, onClose, title, about, children, className = "" }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        {/* Radix's own overlay writes a style into the page, which the pages' policy refuses. */}
        <div className="overlay" aria-hidden />
        <Radix.Content className={`dialog ${className}`} {...(!about && { "aria-describedby": undefined })}>
          <header>
            <div>
              <Radix.Title asChild>
                <h2>{title}</h2>
              </Radix.Title>
              {about && <Radix.Description>{about}</Radix.Description>}
            </div>
          </header>
          <div className="content">{children}</div>
          {/* Last, so that the first field has the focus; and without a tip, which Escape would close first. */}
          <Radix.Close className="button quiet icon close" aria-label="Close">
            <X size={16} />
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ConfirmProps {
  /** The button that asks. */
  trigger: (ask: () => void) => ReactNode;
  title: string;
  /** What will happen, and whether it can be taken back. */
  about: ReactNode;
  /** What the button says that does it. */
  action: string;
  onConfirm: () => void;
}

/** Confirm asks before something that cannot be taken back. */
export function Confirm({ trigger, title, about, action, onConfirm }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      {trigger(() => setOpen(true))}
      <Dialog open={open} onClose={close} title={title} about={about}>
        <div className="actions">
          <Button onClick={close}>Cancel</Button>
          <Button
            look="main danger"
            onClick={() => {
              close();
              onConfirm();
            }}
          >
            {action}
          </Button>
        </div>
      </Dialog>
    </>
  );
}

interface SecretDialogProps {
  /** The secret; empty: the dialog is closed. */
  secret: string;
  title: string;
  children?: ReactNode;
  onClose: () => void;
}

/** SecretDialog shows a secret this once. */
export function SecretDialog({ secret, title, children, onClose }: SecretDialogProps) {
  return (
    <Dialog open={secret !== ""} onClose={onClose} title={title}>
      <div className="stack">
        <Note tone="warn" title="It is shown this once.">
          <p>Copy it now to where it is used. Nobody can read it again; you can always make another.</p>
        </Note>
        {secret && <Copyable text={secret} label="Copy the secret" />}
        {children}
        <div className="actions">
          <Button look="main" onClick={onClose}>
            I have copied it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
