// Serves the page. README.md says what the variables are.
import { fileURLToPath } from "node:url";
import { app } from "./app.js";

/** needed reads a variable of the environment. */
function needed(name: string, what: string): string {
  const value = process.env[name];
  if (!value) {
    console.error(`Set ${name} to ${what}.`);
    process.exit(1);
  }
  return value;
}

const port = Number(process.env.PORT ?? 3000);

app({
  synchookUrl: process.env.URL ?? "http://127.0.0.1:8080",
  apiKey: needed("KEY", "an API key with the scope read; `synchook dev` prints one"),
  signingSecret: needed("SYNCHOOK_SIGNING_SECRET", "the project's signing secret; `synchook dev` prints it"),
  providerConfigKey: "github",
  connectionId: process.env.CONNECTION ?? "user-1",
  model: "GithubIssue",
  page: fileURLToPath(new URL("../page", import.meta.url)),
}).listen(port, "127.0.0.1", () => console.log(`The page is at http://127.0.0.1:${port}/`));
