import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.js";
import { reloadWhenUpgraded } from "./shell/broken.js";
import "./ui/base.css";
import "./ui/ui.css";
import "./shell/shell.css";

reloadWhenUpgraded();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
