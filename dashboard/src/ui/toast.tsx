import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { IconButton } from "./button.js";

interface Told {
  id: number;
  tone: "good" | "bad";
  title: string;
  help: string;
}

/** Toaster says for a moment what has happened. */
export interface Toaster {
  good(title: string, help?: string): void;
  bad(title: string, help?: string): void;
}

const ToastContext = createContext<Toaster | undefined>(undefined);

/** useToast returns what says for a moment what has happened. */
export function useToast(): Toaster {
  const toaster = useContext(ToastContext);
  if (!toaster) {
    throw new Error("useToast is for what is inside <Toasts>");
  }
  return toaster;
}

let last = 0;

/** Toasts shows what useToast is told by whoever is inside. */
export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Told[]>([]);
  const tell = useCallback((tone: Told["tone"], title: string, help = "") => {
    last += 1;
    const told = { id: last, tone, title, help };
    setShown((former) => [...former.filter((one) => one.title !== title).slice(-3), told]);
  }, []);
  const toaster = useMemo<Toaster>(
    () => ({ good: (...words) => tell("good", ...words), bad: (...words) => tell("bad", ...words) }),
    [tell],
  );
  const forget = (id: number) => setShown((former) => former.filter((one) => one.id !== id));
  return (
    <ToastContext value={toaster}>
      <Radix.Provider label="Notice">
        {children}
        {shown.map((told) => (
          <OneToast key={told.id} told={told} onClose={() => forget(told.id)} />
        ))}
        <Radix.Viewport className="toasts" label="Notices ({hotkey})" />
      </Radix.Provider>
    </ToastContext>
  );
}

function OneToast({ told: { tone, title, help }, onClose }: { told: Told; onClose: () => void }) {
  const Icon = tone === "good" ? CircleCheck : CircleAlert;
  return (
    <Radix.Root
      className={`toast ${tone}`}
      type={tone === "bad" ? "foreground" : "background"}
      duration={tone === "bad" ? 12_000 : 4_000}
      onOpenChange={(open) => open || onClose()}
    >
      <Icon size={16} aria-hidden />
      <div>
        <Radix.Title asChild>
          <strong>{title}</strong>
        </Radix.Title>
        {help && <Radix.Description className="soft">{help}</Radix.Description>}
      </div>
      <Radix.Close asChild>
        <IconButton label="Dismiss">
          <X size={14} />
        </IconButton>
      </Radix.Close>
    </Radix.Root>
  );
}
