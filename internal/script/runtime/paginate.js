// nango.paginate: the pages of a list, by cursor, link or offset.

import { URLSearchParams } from './search_params.js';

/**
 * Yields the records of each page. `request` makes one request; the script's
 * configuration is left as it is.
 */
export async function* paginate(request, config) {
  const options = config.paginate ?? {};
  const next = stepper(options);
  const limited = options.limit !== undefined && options.limit_name_in_request
    ? { [options.limit_name_in_request]: options.limit }
    : {};
  let page = withValues(config, options, { ...limited, ...next.first });
  while (page) {
    const response = await request(page);
    const records = at(response.data, options.response_path) ?? [];
    if (!Array.isArray(records)) {
      throw new Error(`paginate: the response has no list at '${options.response_path ?? ''}': set response_path`);
    }
    if (records.length > 0) yield records;
    const step = next.after(response, records);
    await options.on_page?.({ nextPageParam: step?.param, response });
    page = step && (step.endpoint
      ? { ...config, endpoint: step.endpoint, params: undefined }
      : withValues(page, options, step.values));
  }
}

/** The way of going on that the options name. */
function stepper(options) {
  switch (options.type) {
    case 'cursor': return cursor(options);
    case 'link': return link(options);
    case 'offset': return offset(options);
    default: throw new Error(`paginate: type must be cursor, link or offset, and it is ${JSON.stringify(options.type)}`);
  }
}

/** Stops on a missing, blank or repeated cursor, or an empty page. */
function cursor(options) {
  const name = required(options, 'cursor_name_in_request');
  const path = required(options, 'cursor_path_in_response');
  const seen = new Set();
  return { first: {}, after(response, records) {
    const value = at(response.data, path);
    const blank = value === undefined || value === null || String(value).trim() === '';
    if (blank || seen.has(value) || records.length === 0) return undefined;
    seen.add(value);
    return { param: value, values: { [name]: value } };
  } };
}

/** Follows the link in a header (RFC 8288) or in the body. */
function link(options) {
  const seen = new Set();
  return { first: {}, after(response) {
    const found = options.link_rel_in_response_header
      ? linkHeader(response.headers.link ?? '', options.link_rel_in_response_header)
      : at(response.data, required(options, 'link_path_in_response_body'));
    if (typeof found !== 'string' || found === '' || seen.has(found)) return undefined;
    seen.add(found);
    return { param: found, endpoint: found };
  } };
}

/** Counts records or pages; stops on an empty or short page. */
function offset(options) {
  const name = required(options, 'offset_name_in_request');
  let at = Number(options.offset_start_value ?? 0);
  const perPage = options.offset_calculation_method === 'per-page';
  return { first: { [name]: at }, after(_, records) {
    if (records.length === 0 || records.length < (options.limit ?? 0)) return undefined;
    at += perPage ? 1 : records.length;
    return { param: at, values: { [name]: at } };
  } };
}

/** The configuration with values added to its query, or body if in_body. */
function withValues(config, options, values) {
  if (options.in_body) return { ...config, data: { ...config.data, ...values } };
  const params = typeof config.params === 'string'
    ? Object.fromEntries(new URLSearchParams(config.params))
    : config.params;
  return { ...config, params: { ...params, ...values } };
}

/** The URL of a Link header's first link with the relation. */
function linkHeader(header, relation) {
  for (const [, url, parameters] of header.matchAll(/<([^>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^",;\s]*))*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]*))/i.exec(parameters);
    if ((rel?.[1] ?? rel?.[2] ?? '').split(/\s+/).includes(relation)) return url;
  }
  return undefined;
}

/** The value at a path such as 'data.items' or 'pages[0].next'. */
function at(value, path) {
  if (!path) return value;
  return path.split(/[.[\]]+/).filter(Boolean).reduce((inner, key) => inner?.[key], value);
}

/** An option that there is no default for. */
function required(options, name) {
  if (!options[name]) throw new Error(`paginate: ${name} is missing`);
  return options[name];
}
