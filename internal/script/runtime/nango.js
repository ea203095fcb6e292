// The `nango` object that a script is called with.

import { call } from './host.js';
import { logLine } from './console.js';
import { request } from './http.js';
import { extras } from './globals.js';

/** An error whose payload is meant for whoever reads the run. */
export class ActionError extends Error {
  constructor(payload) {
    super(payload?.message ?? JSON.stringify(payload));
    this.name = 'ActionError';
    this.payload = payload;
  }
}

/** Makes the object for one run. A member it lacks explains itself. */
export function createNango(facts) {
  const nango = { ...properties(facts), ...requests(facts), ...records(), ...connection(), log };
  return new Proxy(nango, { get: (target, name, receiver) => {
    if (name in target || typeof name === 'symbol' || name === 'then' || name === 'toJSON') {
      return Reflect.get(target, name, receiver);
    }
    const available = Object.keys(target).sort().join(', ');
    throw new TypeError(`nango.${name} is not available in synchook yet; available: ${available}`);
  } });
}

/** What is known of the run. */
function properties(facts) {
  return {
    connectionId: facts.connectionId,
    providerConfigKey: facts.providerConfigKey,
    provider: facts.provider,
    syncId: facts.syncId,
    syncJobId: facts.syncJobId,
    syncName: facts.syncName,
    environmentName: facts.environmentName,
    lastSyncDate: facts.lastSyncDate === undefined ? undefined : new Date(facts.lastSyncDate),
    track_deletes: facts.trackDeletes,
    variant: 'base',
    scriptType: 'sync',
    webhook: facts.webhook,
    ActionError,
  };
}

/** Requests to the external API. */
function requests(facts) {
  const methods = { proxy: (config) => request(facts, config) };
  for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
    methods[method] = (config) => request(facts, config, method.toUpperCase());
  }
  methods.paginate = (config) => extras().paginate((page) => request(facts, page), config);
  return methods;
}

/** Writing records. Go checks them, because it reads them anyway. */
function records() {
  const batch = (method) => async (list, model) => {
    if (!Array.isArray(list)) {
      throw new TypeError(`nango.${method}: the first argument must be an array of records, and it is ${kind(list)}`);
    }
    await call(method, String(model), list.map((record) => JSON.stringify(record) ?? 'null').join('\n'));
    return true;
  };
  return {
    batchSave: batch('batchSave'),
    batchSend: batch('batchSave'),
    batchUpdate: batch('batchUpdate'),
    batchDelete: batch('batchDelete'),
  };
}

/** The connection and what the app keeps with it. */
function connection() {
  const read = (method) => async () => JSON.parse((await call(method)).head);
  const write = (method) => async (metadata) => {
    if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
      throw new TypeError(`nango.${method}: metadata must be an object, and it is ${kind(metadata)}`);
    }
    await call(method, JSON.stringify(metadata));
  };
  return {
    getConnection: read('getConnection'),
    getMetadata: read('getMetadata'),
    setMetadata: write('setMetadata'),
    updateMetadata: write('updateMetadata'),
  };
}

/** Writes a line to the run's log: log(message, ...values, {level}). */
async function log(...values) {
  const options = values.length > 1 ? values.at(-1) : undefined;
  const hasLevel = typeof options?.level === 'string' && Object.keys(options).length === 1;
  logLine(hasLevel ? options.level : 'info', hasLevel ? values.slice(0, -1) : values);
}

/** What a value is, for a sentence. */
function kind(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'undefined' ? 'undefined' : `of type ${typeof value}`;
}
