// The globals that the engine lacks and scripts expect.

import { clear, host, timer } from './host.js';
import { console } from './console.js';
import { structuredClone } from './clone.js';
import { TextDecoder, TextEncoder, atob, btoa } from './text.js';
import { URL, URLSearchParams } from './url.js';

/** Defines them as the built-in ones are: writable and not enumerable. */
export function installGlobals() {
  const globals = {
    URL, URLSearchParams, TextEncoder, TextDecoder, atob, btoa, structuredClone, console, crypto,
    setTimeout, clearTimeout: clear, queueMicrotask,
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
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
