// Taking URLs apart as the WHATWG URL standard does, for URLs with a host: it
// knows neither opaque URLs such as mailto nor how to write international
// names in ASCII, and refuses both.

const defaultPorts = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21' };

// What must be escaped in each part, beside what is not ASCII.
const escaped = {
  user: /[^\x21-\x7e]|["#<>?`{}/:;=@[\\\]^|]/gu,
  path: /[^\x21-\x7e]|["#<>?`{}^]/gu,
  search: /[^\x21-\x7e]|["#<>']/gu,
  hash: /[^\x21-\x7e]|["<>`]/gu,
};

/** The parts of a URL, relative to base if there is one. */
export function parseURL(href, base) {
  const text = href.replace(/^[\0- ]+|[\0- ]+$|[\t\n\r]/g, '');
  const found = /^([a-z][a-z0-9+.-]*:)[/\\]{2}([^/\\?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(text);
  if (!found) {
    if (base === undefined || /^[a-z][a-z0-9+.-]*:/i.test(text)) throw new TypeError(`Invalid URL: ${href}`);
    return parseURL(resolve(text, parseURL(base)));
  }
  const [, scheme, authority, path, search = '', hash = ''] = found;
  const protocol = scheme.toLowerCase();
  return {
    protocol,
    ...parseAuthority(authority, protocol, href),
    pathname: normalPath(path),
    search: search === '?' ? '' : '?'.slice(0, search.length) + escape(search.slice(1), escaped.search),
    hash: hash === '#' ? '' : '#'.slice(0, hash.length) + escape(hash.slice(1), escaped.hash),
  };
}

/** The text of a URL's parts. */
export function formatURL({ protocol, username, password, hostname, port, pathname, search, hash }) {
  const user = username || password ? `${username}${password && `:${password}`}@` : '';
  return `${protocol}//${user}${hostname}${port && `:${port}`}${pathname}${search}${hash}`;
}

/** The absolute text of a relative reference. */
function resolve(text, base) {
  if (/^[/\\]{2}/.test(text)) return base.protocol + text;
  if (/^[/\\]/.test(text)) return formatURL({ ...base, pathname: text, search: '', hash: '' });
  if (text.startsWith('?')) return formatURL({ ...base, search: text, hash: '' });
  if (text === '' || text.startsWith('#')) return formatURL({ ...base, hash: text });
  const folder = base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1);
  return formatURL({ ...base, pathname: folder + text, search: '', hash: '' });
}

/** The user, password, host name and port before the path. */
function parseAuthority(authority, protocol, href) {
  const found = /^(?:([^:]*)(?::(.*))?@)?(\[[0-9a-f:.]+\]|[^\s#%/:<>?@[\\\]^|]+)(?::(\d*))?$/i.exec(authority);
  if (!found || /[^\0-\x7f]/.test(found[3]) || Number(found[4] ?? 0) > 65535) {
    throw new TypeError(`Invalid URL: ${href}`);
  }
  const [, username = '', password = '', hostname, digits = ''] = found;
  const port = digits && String(Number(digits));
  return {
    username: escape(username, escaped.user),
    password: escape(password, escaped.user),
    hostname: hostname.toLowerCase(),
    port: port === defaultPorts[protocol] ? '' : port,
  };
}

/** A path with its dot segments resolved and its characters escaped. */
function normalPath(path) {
  const segments = path.replaceAll('\\', '/').slice(1).split('/');
  const kept = [];
  segments.forEach((segment, i) => {
    const dots = segment.replace(/%2e/gi, '.');
    if (dots === '..') kept.pop();
    if (dots !== '.' && dots !== '..') kept.push(segment);
    else if (i === segments.length - 1) kept.push('');
  });
  return escape(`/${kept.join('/')}`, escaped.path);
}

/** Escapes the characters that the pattern finds. */
function escape(text, pattern) {
  return text.replace(pattern, (c) => (
    c.codePointAt(0) < 0x80 ? `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(c.toWellFormed())
  ));
}
