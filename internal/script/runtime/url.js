// URL and URLSearchParams. Go takes URLs apart; the rest is here.

import { host } from './host.js';

const parts = ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash'];

/** The URL of the WHATWG standard. */
export class URL {
  #parts;
  #params;

  constructor(url, base) {
    this.#load(host.parseURL(String(url), base === undefined ? '' : String(base)));
    this.#params = new URLSearchParams(this.#parts.search);
    onChange(this.#params, (text) => { this.#parts.search = text && `?${text}`; });
  }

  static canParse(url, base) {
    try {
      return Boolean(new URL(url, base));
    } catch {
      return false;
    }
  }

  #load(text) {
    if (text === '') throw new TypeError('Invalid URL');
    this.#parts = JSON.parse(text);
  }

  get href() {
    const { protocol, username, password, pathname, search, hash } = this.#parts;
    const user = username || password ? `${username}${password && `:${password}`}@` : '';
    return `${protocol}//${user}${this.host}${pathname}${search}${hash}`;
  }

  set href(value) {
    this.#load(host.parseURL(String(value), ''));
    reset(this.#params, this.#parts.search);
  }

  get host() { return this.hostname + (this.port && `:${this.port}`); }
  set host(value) { [this.hostname, this.port = ''] = String(value).split(':'); }
  get origin() { return `${this.protocol}//${this.host}`; }
  get searchParams() { return this.#params; }
  toString() { return this.href; }
  toJSON() { return this.href; }

  static {
    for (const name of parts) {
      Object.defineProperty(URL.prototype, name, {
        configurable: true,
        enumerable: true,
        get() { return this.#parts[name]; },
        set(value) {
          const before = this.#parts;
          this.#parts = { ...before, [name]: delimited(name, String(value)) };
          this.href = this.href;
        },
      });
    }
  }
}

/** A part of a URL with the delimiter that belongs to it. */
function delimited(name, value) {
  if (name === 'search' && value && !value.startsWith('?')) return `?${value}`;
  if (name === 'hash' && value && !value.startsWith('#')) return `#${value}`;
  if (name === 'protocol' && !value.endsWith(':')) return `${value}:`;
  if (name === 'pathname' && !value.startsWith('/')) return `/${value}`;
  return value;
}

let onChange;
let reset;

/** The URLSearchParams of the WHATWG standard. */
export class URLSearchParams {
  #pairs;
  #changed = () => {};

  static {
    onChange = (params, then) => { params.#changed = then; };
    reset = (params, text) => { params.#pairs = pairsOf(text); };
  }

  constructor(init = '') { this.#pairs = pairsOf(init); }

  #update(pairs) {
    this.#pairs = pairs;
    this.#changed(this.toString());
  }

  append(name, value) { this.#update([...this.#pairs, [String(name), String(value)]]); }
  delete(name) { this.#update(this.#pairs.filter(([key]) => key !== String(name))); }
  get(name) { return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null; }
  getAll(name) { return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value); }
  has(name) { return this.#pairs.some(([key]) => key === String(name)); }
  get size() { return this.#pairs.length; }

  set(name, value) {
    const pair = [String(name), String(value)];
    const first = this.#pairs.findIndex(([key]) => key === pair[0]);
    const rest = this.#pairs.filter(([key]) => key !== pair[0]);
    rest.splice(first < 0 ? rest.length : first, 0, pair);
    this.#update(rest);
  }

  sort() {
    const order = ([a], [b]) => (a < b ? -1 : Number(a > b));
    this.#update([...this.#pairs].sort(order));
  }

  forEach(then, self) { for (const [key, value] of this.#pairs) then.call(self, value, key, this); }
  *keys() { for (const [key] of this.#pairs) yield key; }
  *values() { for (const [, value] of this.#pairs) yield value; }
  *entries() { for (const pair of this.#pairs) yield [...pair]; }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return this.#pairs.map((pair) => pair.map(formEncode).join('=')).join('&'); }
}

/** The pairs that a text, a list of pairs or an object means. */
function pairsOf(init) {
  if (typeof init === 'object' && init !== null) {
    const pairs = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
    return pairs.map(([name, value]) => [String(name), String(value)]);
  }
  const text = String(init).replace(/^\?/, '');
  return text.split('&').filter(Boolean).map((pair) => {
    const [name, ...value] = pair.split('=');
    return [formDecode(name), formDecode(value.join('='))];
  });
}

/** application/x-www-form-urlencoded, which spares fewer characters. */
function formEncode(text) {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** Decodes a part; a broken escape stays as it is. */
function formDecode(text) {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
