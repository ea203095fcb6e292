// The border to Go. Go's functions are taken off the global object before the
// script is loaded, so that it sees this module's exports only through `nango`
// and the globals.

export const host = {};
for (const name of ['call', 'clear', 'end', 'loadExtras', 'log', 'randomBytes', 'ready', 'timer']) {
  host[name] = globalThis[`__synchook_${name}`];
  delete globalThis[`__synchook_${name}`];
}

const pending = new Map();
let last = 0;

/**
 * Asks Go for something that takes time. The answer is a head and a body, both
 * text. A failure rejects with an Error whose stack is the caller's, not that
 * of the turn in which the failure came back.
 */
export function call(operation, argument = '', body = '') {
  return new Promise((resolve, reject) => {
    const id = ++last;
    const trace = new Error();
    host.call(id, operation, argument, body);
    pending.set(id, (failure, head, text) => {
      // A text that did not fit into the engine's memory arrives as no string.
      if (failure === null && typeof text !== 'string') return reject(new InternalError('out of memory'));
      if (failure === null) return resolve({ head, body: text, trace });
      trace.message = failure;
      reject(trace);
    });
  });
}

/** Calls `then` after so many milliseconds and returns an ID for `clear`. */
export function timer(then, milliseconds) {
  const id = ++last;
  host.timer(id, Math.max(0, Number(milliseconds) || 0));
  pending.set(id, then);
  return id;
}

/** Forgets a timer; an ID that is none is ignored, as browsers do. */
export function clear(id) {
  if (pending.delete(id)) host.clear(id);
}

/** Is called by Go when a call or a timer has ended. */
export function settle(id, ...outcome) {
  const done = pending.get(id);
  pending.delete(id);
  done?.(...outcome);
}
