import { useRouteError } from "react-router";
import { Button } from "../ui/button.js";
import { Note } from "../ui/note.js";

/** Broken stands in for a page that failed while it was drawn, or whose code could not be read. */
export function Broken() {
  const error = useRouteError();
  const gone = error instanceof TypeError && /import|module/i.test(error.message);
  const title = gone ? "The page could not be read." : "This page met a fault of its own.";
  const help = gone
    ? "The server is away, or was upgraded. Reload the page."
    : "Reload the page; the others work meanwhile.";
  return (
    <Note tone="bad" title={title}>
      <p>{help}</p>
      <Button onClick={() => window.location.reload()}>Reload</Button>
    </Note>
  );
}

/** reloadWhenUpgraded reloads once when code is gone that a newer server has under another name. */
export function reloadWhenUpgraded(): void {
  window.addEventListener("vite:preloadError", (event) => {
    const last = Number(sessionStorage.getItem("reloaded") ?? 0);
    if (Date.now() - last > 60_000) {
      event.preventDefault();
      sessionStorage.setItem("reloaded", String(Date.now()));
      window.location.reload();
    }
  });
}
