// Text and bytes: TextEncoder, TextDecoder, atob and btoa.

/** Encodes UTF-8; half a surrogate pair becomes U+FFFD. */
export class TextEncoder {
  get encoding() { return 'utf-8'; }

  encode(text = '') {
    const escaped = encodeURIComponent(String(text).toWellFormed());
    const bytes = new Uint8Array(escaped.length);
    let length = 0;
    for (let i = 0; i < escaped.length; i++) {
      if (escaped[i] === '%') {
        bytes[length++] = parseInt(escaped.slice(i + 1, i + 3), 16);
        i += 2;
      } else {
        bytes[length++] = escaped.charCodeAt(i);
      }
    }
    return bytes.slice(0, length);
  }
}

/** Decodes UTF-8; what is not UTF-8 becomes U+FFFD, or throws if fatal. */
export class TextDecoder {
  #fatal;

  constructor(label = 'utf-8', { fatal = false } = {}) {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`TextDecoder knows utf-8 only, not '${label}'`);
    this.#fatal = fatal;
  }

  get encoding() { return 'utf-8'; }

  decode(input = new Uint8Array()) {
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    const pieces = [];
    let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (at < bytes.length) {
      const [code, length] = decodeOne(bytes, at);
      if (code < 0 && this.#fatal) throw new TypeError('the bytes are not UTF-8');
      pieces.push(String.fromCodePoint(code < 0 ? 0xfffd : code));
      at += length;
    }
    return pieces.join('');
  }
}

const least = [0, 0x80, 0x800, 0x10000];

/** The code point at an index, -1 if there is none, and its length in bytes. */
function decodeOne(bytes, at) {
  const lead = bytes[at];
  if (lead < 0x80) return [lead, 1];
  const more = lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0;
  if (more === 0) return [-1, 1];
  let code = lead & (0x3f >> more);
  for (let i = 1; i <= more; i++) {
    const byte = bytes[at + i];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return [-1, i];
    code = (code << 6) | (byte & 0x3f);
  }
  const valid = code >= least[more] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return valid ? [code, more + 1] : [-1, 1];
}

/** Base64 to a string of bytes. */
export function atob(text) {
  let binary = '';
  for (const byte of Uint8Array.fromBase64(String(text))) binary += String.fromCharCode(byte);
  return binary;
}

/** A string of bytes to base64. */
export function btoa(binary) {
  const text = String(binary);
  const bytes = Uint8Array.from(text, (c) => {
    if (c.length > 1 || c.charCodeAt(0) > 255) throw new RangeError('btoa takes characters up to U+00FF only: encode the text first');
    return c.charCodeAt(0);
  });
  return bytes.toBase64();
}
