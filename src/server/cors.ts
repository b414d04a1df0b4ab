/**
 * Cross-origin requests (Fetch standard, section 3.2): a page of an allowed origin may use the REST interface from a browser.
 * Tokens come in a header that the page sets. There are no cookies, and requests with credentials are not allowed.
 */
import type { Header } from './exchange.js';

/** Time for which a browser need not ask again, s. */
const MAX_AGE_S = 600;

/** Headers of an answer to a page of an allowed origin; '' (no page, or one that sends none): only that it depends on it. */
export function corsHeaders(origin: string): Header[] {
  const vary: Header = ['Vary', 'Origin'];
  return origin === '' ? [vary] : [vary, ['Access-Control-Allow-Origin', origin]];
}

/** Headers of the answer to a browser that asks what such a page may send. @param methods in capitals */
export function preflightHeaders(methods: readonly string[]): Header[] {
  return [
    ['Access-Control-Allow-Methods', methods.join(', ')],
    ['Access-Control-Allow-Headers', 'Authorization, Content-Type'],
    ['Access-Control-Max-Age', String(MAX_AGE_S)],
  ];
}
