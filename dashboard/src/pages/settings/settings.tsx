import type { ComponentType } from "react";
import { Route, Routes } from "react-router";
import { usePlace } from "../../lib/session.js";
import { Note } from "../../ui/note.js";
import { Page, Tabs } from "../../ui/page.js";
import Data from "./data.js";
import Endpoints from "./endpoints.js";
import Keys from "./keys.js";
import { Webhooks } from "./webhooks.js";
import "./settings.css";

/** Part is one part of the settings, with a path of its own below /settings. */
interface Part {
  path: string;
  text: string;
  Part: ComponentType;
}

const parts: Part[] = [
  { path: "", text: "Webhooks", Part: Webhooks },
  { path: "endpoints", text: "Endpoints", Part: Endpoints },
  { path: "keys", text: "API keys", Part: Keys },
  { path: "data", text: "Data", Part: Data },
];

/** Settings is the project's settings, in parts. */
export default function Settings() {
  const { may } = usePlace();
  return (
    <Page title="Project Settings">
      <Tabs
        label="Settings"
        tabs={parts.map(({ path, text }) => ({ to: path ? `/settings/${path}` : "/settings", text }))}
      />
      <div className="stack">
        {!may("write") && (
          <Note tone="info" title="Your key may look, and change nothing: it lacks the scope write." />
        )}
        <Routes>
          {parts.map(({ path, Part }) => (
            <Route key={path} path={path} element={<Part />} />
          ))}
        </Routes>
      </div>
    </Page>
  );
}
