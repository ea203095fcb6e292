import { formPairs } from './form.js';

/** Calls `then` with the text of the params whenever they change. */
export let onChange;
/** Replaces the pairs of params without saying so. */
export let reset;

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
  get [Symbol.toStringTag]() { return 'URLSearchParams'; }
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
  toString() { return formPairs(this.#pairs); }
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

/** Decodes a part; a broken escape stays as it is. */
function formDecode(text) {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
