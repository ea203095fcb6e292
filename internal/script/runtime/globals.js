// The globals that the engine lacks and scripts expect. The larger ones are
// loaded when a script first touches them: most runs never do, and a run
// should begin in less than a millisecond.

import { clear, host, timer } from './host.js';
import { console } from './console.js';

const lazy = ['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'atob', 'btoa', 'structuredClone'];

/** Defines them as the built-in ones are: writable and not enumerable. */
export function installGlobals() {
  const globals = { console, crypto, setTimeout, clearTimeout: clear, queueMicrotask };
  for (const [name, value] of Object.entries(globals)) define(name, value);
  for (const name of lazy) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get: () => extras()[name],
      set: (value) => define(name, value),
    });
  }
}

let loaded;

/** What extras.js gives, loaded at the first call. */
export function extras() {
  if (loaded) return loaded;
  host.loadExtras();
  loaded = globalThis.__synchook_extras;
  delete globalThis.__synchook_extras;
  for (const name of lazy) {
    if (Object.getOwnPropertyDescriptor(globalThis, name)?.get) define(name, loaded[name]);
  }
  return loaded;
}

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

function setTimeout(then, milliseconds, ...values) {
  return timer(() => then(...values), milliseconds);
}

function queueMicrotask(then) {
  Promise.resolve().then(then);
}

const crypto = {
  getRandomValues(view) {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(Uint8Array.fromHex(host.randomBytes(view.byteLength)));
    return view;
  },

  /** A random UUID (RFC 9562, version 4). */
  randomUUID() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  },
};
