// Requests through the proxy, with the responses and errors of Axios, which
// scripts are written for.

import { call } from './host.js';
import { formPairs } from './form.js';

/** Makes one request and resolves with an Axios-like response. */
export async function request(facts, config, method = config?.method ?? 'GET') {
  check(facts, config);
  const [body, type] = encode(config.data);
  const binary = config.responseType === 'arraybuffer';
  const wire = JSON.stringify({
    method,
    endpoint: String(config.endpoint ?? ''),
    query: query(config.params),
    headers: headers(config.headers, type),
    retries: config.retries,
    retryOn: config.retryOn ?? undefined,
    retryHeader: config.retryHeader,
    baseUrlOverride: config.baseUrlOverride ?? undefined,
    binaryBody: body instanceof Uint8Array,
    binaryResponse: binary,
  });
  const answer = await call('proxy', wire, body instanceof Uint8Array ? body.toBase64() : body);
  const response = { ...JSON.parse(answer.head), data: decode(answer.body, config.responseType), config };
  if (response.status >= 200 && response.status < 300) return response;
  throw failed(answer.trace, response);
}

/** Refuses what would silently do something else than the script says. */
function check(facts, config) {
  if (typeof config !== 'object' || config === null) {
    throw new TypeError("a request needs a configuration such as { endpoint: '/path' }");
  }
  for (const key of ['connectionId', 'providerConfigKey']) {
    if (config[key] !== undefined && config[key] !== facts[key]) {
      throw new Error(`a request goes with the credentials of this run's connection: leave ${key} out`);
    }
  }
  if (!['json', 'text', 'arraybuffer', undefined].includes(config.responseType)) {
    throw new Error(`responseType '${config.responseType}' is not one of json, text, arraybuffer`);
  }
}

/** The body of a request and the content type that it has by nature. */
function encode(data) {
  if (data === undefined || data === null) return ['', undefined];
  if (typeof data === 'string') return [data, undefined];
  if (isSearchParams(data)) return [data.toString(), 'application/x-www-form-urlencoded'];
  if (data instanceof ArrayBuffer) return [new Uint8Array(data), 'application/octet-stream'];
  if (ArrayBuffer.isView(data)) {
    return [new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 'application/octet-stream'];
  }
  return [JSON.stringify(data), 'application/json'];
}

/** The data of a response in the type that the script asked for. */
function decode(body, responseType = 'json') {
  if (responseType === 'arraybuffer') return Uint8Array.fromBase64(body);
  if (responseType === 'text') return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** An encoded query from a string or an object; lists repeat their name. */
function query(params) {
  if (params === undefined || params === null) return '';
  if (typeof params === 'string') return params;
  if (isSearchParams(params)) return params.toString();
  const pairs = [];
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) pairs.push([name, one instanceof Date ? one.toISOString() : String(one)]);
    }
  }
  return formPairs(pairs);
}

/** Whether a value is a URLSearchParams; asking must not load the class. */
function isSearchParams(value) {
  return Object.prototype.toString.call(value) === '[object URLSearchParams]';
}

/** Headers as text, with the body's content type unless the script set one. */
function headers(given, type) {
  const sent = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value !== undefined && value !== null) sent[name] = String(value);
  }
  const named = Object.keys(sent).some((name) => name.toLowerCase() === 'content-type');
  if (type !== undefined && !named) sent['content-type'] = type;
  return sent;
}

/** The error that Axios rejects with for a status that is not 2xx. */
function failed(trace, response) {
  return Object.assign(trace, {
    name: 'AxiosError',
    message: `Request failed with status code ${response.status}`,
    code: response.status >= 500 ? 'ERR_BAD_RESPONSE' : 'ERR_BAD_REQUEST',
    isAxiosError: true,
    status: response.status,
    config: response.config,
    response,
  });
}
