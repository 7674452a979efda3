import type { RegistryAnswer, RegistryRequest } from '@purser/registry-under-test';

/** What is said of an answer: enough to tell whether a client would notice a difference. */
export interface SaidOf {
  readonly status: number;
  readonly codes?: readonly string[];
  /** Headers that clients act on. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a listing. */
  readonly body?: unknown;
}

/** Headers that clients act on, and some that a configuration adds. `X-Content-Type-Options` is on every answer of Purser. */
const HEADERS = [
  'www-authenticate',
  'docker-distribution-api-version',
  'docker-content-digest',
  'location',
  'link',
  'allow',
  'content-range',
  'x-frame-options',
  'strict-transport-security',
];

/** @param port That of the registry, which is another each time. */
export function saidOf(
  { status, headers, body }: RegistryAnswer,
  { method, path }: RegistryRequest,
  port: number,
): SaidOf {
  const shown = Object.fromEntries(
    HEADERS.filter((name) => headers[name] !== undefined).map((name) => [
      name,
      withoutChance(String(headers[name]), port),
    ]),
  );
  if (status >= 400 && method !== 'HEAD') return { status, codes: codesOf(body), headers: shown };
  const isListing = /_catalog|tags\/list/.test(path) && status === 200;
  return { status, headers: shown, ...(isListing && { body: listingOf(body) }) };
}

/** distribution 2.8 lists tags in the order in which the directory has them. */
function listingOf(body: Buffer): unknown {
  const listing = JSON.parse(body.toString()) as { readonly tags?: readonly string[] };
  return 'tags' in listing ? { ...listing, tags: listing.tags?.toSorted() } : listing;
}

/** Ids, states and ports are another each time. */
function withoutChance(text: string, port: number): string {
  return text
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replace(/[?&]_state=[^&>]*/, '')
    .replace(`:${port}`, ':<port>')
    .replace(/scope="([^"]*)"/, (_, scope: string) => `scope="${sorted(scope)}"`);
}

/** distribution writes the actions and the resources of a scope in any order. */
function sorted(scope: string): string {
  const resources = scope.split(' ').map((resource) => {
    const [, start = '', actions = ''] = /^(.*:)([^:]*)$/.exec(resource) ?? [];
    return start + actions.split(',').toSorted().join(',');
  });
  return resources.toSorted().join(' ');
}

function codesOf(body: Buffer): readonly string[] {
  return [...body.toString().matchAll(/"code":"(\w+)"/g)].map(([, code]) => code!);
}
