import type { IncomingHttpHeaders } from 'node:http';

/** What a proxy says the client asked it for; what it does not say, or says badly, is absent. */
export interface ForwardedOrigin {
  readonly scheme?: 'http' | 'https' | undefined;
  readonly host?: string | undefined;
}

/**
 * Reads `Forwarded`, or else `X-Forwarded-Proto` and `X-Forwarded-Host`. The first proxy, the one nearest to the
 * client, counts. A `Forwarded` that cannot be read silences the others too.
 *
 * Anyone can send these headers: values that are no scheme or no host are ignored.
 *
 * @see RFC 7239, section 4; distribution, registry/api/v2/headerparser.go.
 */
export function forwardedOrigin(headers: IncomingHttpHeaders): ForwardedOrigin {
  if (headers['forwarded']) {
    const pairs = parseFirstElement(headers['forwarded']);
    return { scheme: checkScheme(pairs?.get('proto')), host: checkHost(pairs?.get('host')) };
  }
  return {
    scheme: checkScheme(firstOf(headers['x-forwarded-proto'])),
    host: checkHost(firstOf(headers['x-forwarded-host'])),
  };
}

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** A host with or without a port that may stand in a URL. Underscores are no host names, but container networks have them. */
export function isHost(text: string): boolean {
  return text.length <= 255 && HOST.test(text);
}

function checkHost(text: string | undefined): string | undefined {
  return text !== undefined && isHost(text) ? text : undefined;
}

function checkScheme(text: string | undefined): ForwardedOrigin['scheme'] {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}

/** Each proxy appends to the list; Node.js joins a repeated header to one. */
function firstOf(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  return text?.split(',', 1)[0]?.replaceAll(/^[ \t]+|[ \t]+$/g, '');
}

const PAIR =
  /[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[^"\\]|\\.)*)")[ \t]*(;|,|$)/y;

/** The pairs of the first element, by lower-case name; `undefined` when it breaks the grammar. */
function parseFirstElement(text: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  let next = ';';
  PAIR.lastIndex = 0;
  while (next === ';') {
    const [, name, token, quoted, end] = PAIR.exec(text) ?? [];
    if (name === undefined || end === undefined) return undefined;
    pairs.set(name.toLowerCase(), token ?? quoted?.replace(/\\(.)/g, '$1') ?? '');
    next = end;
  }
  return pairs;
}
