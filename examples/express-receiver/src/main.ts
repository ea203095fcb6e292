// An app that prints what synchook tells it:
//
//   SYNCHOOK_SIGNING_SECRET=whsec_... npm start
import { app } from "./app.js";

const secret = process.env.SYNCHOOK_SIGNING_SECRET;
if (!secret) {
  console.error("Set SYNCHOOK_SIGNING_SECRET to the project's signing secret: `synchook dev` prints it.");
  process.exit(1);
}
const port = Number(process.env.PORT ?? 3000);

app(secret, {
  changed({ model, connectionId, syncType, responseResults }) {
    const { added = 0, updated = 0, deleted = 0 } = responseResults[model] ?? {};
    console.log(
      `${model} of ${connectionId} (${syncType}): ${added} added, ${updated} updated, ${deleted} deleted`,
    );
  },
  operational({ type, data }) {
    console.log(type, data);
  },
}).listen(port, "127.0.0.1", () => console.log(`Webhooks are taken at http://127.0.0.1:${port}/webhook`));
