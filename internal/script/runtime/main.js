// The entry of the runtime: everything that a fresh engine has before the
// script's own bundle is loaded. It hands Go the two functions that it calls.

import { host, settle } from './host.js';
import { installGlobals } from './globals.js';
import { ActionError, createNango } from './nango.js';

installGlobals();
Object.defineProperty(globalThis, '__synchook_ActionError', { value: ActionError });
host.ready(start, settle);

/**
 * Runs the loaded bundle and tells Go how it ended.
 * @param {string} facts what is known of the run, as JSON
 * @param {string | undefined} payload the webhook's body, as JSON
 */
function start(facts, payload) {
  run(JSON.parse(facts), payload).then(
    () => host.end(undefined),
    (reason) => host.end(asError(reason)),
  );
}

/** Calls the script and saves the records that it returns. */
async function run(facts, payload) {
  const nango = createNango(facts);
  const exported = globalThis.__synchook_exports;
  const returned = payload === undefined
    ? await entry(exported)(nango)
    : await webhookEntry(exported)(nango, JSON.parse(payload));
  await saveReturned(nango, facts.models, returned);
}

/** The function that a scheduled or manual run calls. */
function entry(exported) {
  const fetchData = exported?.default?.exec ?? exported?.default;
  if (typeof fetchData !== 'function') {
    throw new TypeError('the script has no default export to run: write `export default async function fetchData(nango) { ... }`');
  }
  return fetchData;
}

/** The function that a webhook calls. */
function webhookEntry(exported) {
  return exported?.onWebhookPayloadReceived
    ?? exported?.onWebhook
    ?? exported?.default?.onWebhook
    ?? entry(exported);
}

/** Saves `{Model: [...]}` as batchSave does; anything else is let go. */
async function saveReturned(nango, models, returned) {
  if (typeof returned !== 'object' || returned === null) return;
  for (const [model, records] of Object.entries(returned)) {
    if (Array.isArray(records) || models.includes(model)) await nango.batchSave(records, model);
  }
}

/**
 * An Error for whatever was thrown, so that it has a name and a message. Null
 * stays: it is what the engine throws when no memory is left for an error.
 */
function asError(reason) {
  if (reason instanceof Error || reason === null) return reason;
  const text = typeof reason === 'string' ? reason : JSON.stringify(reason) ?? String(reason);
  const error = new Error(`${text} (thrown as a value that is no Error)`);
  error.stack = '';
  return error;
}
