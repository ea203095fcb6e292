// The part of the runtime that is loaded when a script first needs it.

import { structuredClone } from './clone.js';
import { paginate } from './paginate.js';
import { TextDecoder, TextEncoder, atob, btoa } from './text.js';
import { URLSearchParams } from './search_params.js';
import { URL } from './url.js';

globalThis.__synchook_extras = {
  URL, URLSearchParams, TextEncoder, TextDecoder, atob, btoa, structuredClone, paginate,
};
