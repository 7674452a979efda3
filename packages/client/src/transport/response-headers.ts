import type { IncomingHttpHeaders } from 'node:http';
import type { ResponseHeaders } from './transport.ts';

/** Wraps headers whose names are in lower case. */
export function responseHeaders(headers: IncomingHttpHeaders): ResponseHeaders {
  function getAll(name: string): readonly string[] {
    const key = name.toLowerCase();
    const value = Object.hasOwn(headers, key) ? headers[key] : undefined;
    return value === undefined ? [] : [value].flat();
  }
  return {
    getAll,
    get(name) {
      const values = getAll(name);
      return values.length === 0 ? undefined : values.join(', ');
    },
  };
}
