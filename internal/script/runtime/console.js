// The run's log, under its two names: nango.log and console.

import { host } from './host.js';

/** Writes the values, in one line of text, to the run's log. */
export function logLine(level, values) {
  host.log(level, values.map(show).join(' '));
}

/** The console of browsers, as far as scripts use it. */
export const console = {
  debug: (...values) => logLine('debug', values),
  log: (...values) => logLine('info', values),
  info: (...values) => logLine('info', values),
  warn: (...values) => logLine('warn', values),
  error: (...values) => logLine('error', values),
  trace: (...values) => logLine('debug', values),
};

/** A value as a person wants to read it. */
function show(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
