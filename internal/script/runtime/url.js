// The URL of the WHATWG standard, for URLs with a host.

import { formatURL, parseURL } from './parse_url.js';
import { URLSearchParams, onChange, reset } from './search_params.js';

const parts = ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash'];

/** A URL, taken apart and kept in its normal form. */
export class URL {
  #parts;
  #params;

  constructor(url, base) {
    this.#parts = parseURL(String(url), base === undefined ? undefined : String(base));
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

  get href() { return formatURL(this.#parts); }

  set href(value) {
    this.#parts = parseURL(String(value));
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
