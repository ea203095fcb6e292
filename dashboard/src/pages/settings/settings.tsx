import { Route, Routes } from "react-router";
import { usePlace } from "../../lib/session.js";
import { Note } from "../../ui/note.js";
import { Page } from "../../ui/page.js";
import { Webhooks } from "./webhooks.js";
import "./settings.css";

/** Settings is the project's settings, in parts. */
export default function Settings() {
  const { may } = usePlace();
  return (
    <Page title="Project Settings">
      <div className="stack">
        {!may("write") && (
          <Note tone="info" title="Your key may look, and change nothing: it lacks the scope write." />
        )}
        <Routes>
          <Route index element={<Webhooks />} />
        </Routes>
      </div>
    </Page>
  );
}
