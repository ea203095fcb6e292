// structuredClone, for the values that JSON APIs and scripts deal in.

/** A deep copy; shared and circular references stay so. */
export function structuredClone(value) {
  return clone(value, new Map());
}

function clone(value, seen) {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`a ${typeof value} cannot be cloned`);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const copy = shell(value);
  seen.set(value, copy);
  fill(copy, value, seen);
  return copy;
}

/** A new value of the same sort, complete if nothing inside can refer to it. */
function shell(value) {
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.slice();
  if (value instanceof Error) return Object.assign(new Error(value.message), { name: value.name, stack: value.stack });
  return {};
}

/** Copies what the value holds. */
function fill(copy, value, seen) {
  if (value instanceof Map) {
    for (const [key, inner] of value) copy.set(clone(key, seen), clone(inner, seen));
  } else if (value instanceof Set) {
    for (const inner of value) copy.add(clone(inner, seen));
  } else if (!ArrayBuffer.isView(value)) {
    for (const key of Object.keys(value)) copy[key] = clone(value[key], seen);
  }
}
