import { Command } from "cmdk";
import { ArrowRight, Search } from "lucide-react";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { pageOf } from "../lib/ids.js";
import { areas } from "../routes.js";
import { Button } from "../ui/button.js";
import { Dialog } from "../ui/dialog.js";
import { pathOf } from "./nav.js";
import { type Found, sources } from "./sources.js";

/** Palette goes to everything that has a name or an ID, by keyboard: Ctrl K or ⌘ K. */
export function Palette() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        setOpen((former) => !former);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <Button className="find" onClick={() => setOpen(true)} aria-keyshortcuts="Control+K">
        <Search size={15} aria-hidden />
        <span className="find-text">Go to…</span>
        <kbd aria-hidden>Ctrl K</kbd>
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Go to" className="palette">
        <PaletteList onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function PaletteList({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const navigate = useNavigate();
  const go = (path: string) => {
    onDone();
    void navigate(path);
  };
  const byId = pageOf(text.trim());
  return (
    <Command label="Go to anything" loop>
      <Command.Input value={text} onValueChange={setText} placeholder="A page, a name, or an ID" />
      <Command.List>
        <Command.Empty>Nothing has this name. An ID, such as end_…, goes straight to its page.</Command.Empty>
        {byId && (
          <Command.Item value={text} onSelect={() => go(byId)}>
            <ArrowRight size={15} aria-hidden />
            <code>{text.trim()}</code>
          </Command.Item>
        )}
        <Command.Group heading="Pages">
          {areas.map(({ path, nav, words = "" }) => {
            const Icon = nav?.icon;
            return (
              Icon && (
                <Command.Item
                  key={path}
                  value={nav.title}
                  keywords={[words]}
                  onSelect={() => go(pathOf(path))}
                >
                  <Icon size={15} aria-hidden />
                  {nav.title}
                </Command.Item>
              )
            );
          })}
        </Command.Group>
        {sources.map(({ heading, useFound }) => (
          <SourceGroup key={heading} {...{ heading, useFound, go, text: text.trim() }} />
        ))}
      </Command.List>
    </Command>
  );
}

interface SourceGroupProps {
  heading: string;
  useFound: (text: string) => Found[];
  /** What a person has written so far. */
  text: string;
  go: (path: string) => void;
}

function SourceGroup({ heading, useFound, text, go }: SourceGroupProps) {
  const found = useFound(text);
  if (found.length === 0) {
    return null;
  }
  return (
    <Command.Group heading={heading}>
      {found.map(({ name, id, path }) => (
        <Command.Item key={id} value={`${name} ${id}`} onSelect={() => go(path)}>
          {name || id}
          {name && <code className="soft">{id}</code>}
        </Command.Item>
      ))}
    </Command.Group>
  );
}
