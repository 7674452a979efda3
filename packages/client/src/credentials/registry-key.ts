/** Under this name Docker keeps the credentials of its Hub. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';
const DOCKER_HUB_HOSTS: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
]);

/** One name for each registry, however it is called: a host, and the port unless it is that of https. */
export function registryName(host: string): string {
  const name = host.toLowerCase().replace(/:443$/, '');
  return DOCKER_HUB_HOSTS.has(name) ? 'docker.io' : name;
}

/** The key under which the credentials of a registry are kept in files and by helpers. */
export function registryKey(host: string): string {
  const name = registryName(host);
  return name === 'docker.io' ? DOCKER_HUB_KEY : name;
}

/**
 * What a key of a file is about: a registry, or with a path some of its repositories. Keys that are URLs are about the
 * registry alone: their path is that of an API.
 */
export function parseKey(key: string): { readonly registry: string; readonly path: string } {
  const isUrl = /^https?:\/\//i.test(key);
  const [host = '', ...segments] = key.replace(/^https?:\/\//i, '').split('/');
  const path = segments.filter((segment) => segment !== '').join('/');
  const isApi = isUrl || path === 'v1' || path === 'v2';
  return { registry: registryName(host), path: isApi ? '' : path };
}

/**
 * The value that fits best: of a namespace of the repository before that of its registry, the longest first.
 *
 * @param repository Without it, only values for the whole registry fit.
 */
export function findByKey<T>(
  entries: readonly (readonly [string, T])[],
  host: string,
  repository: string | undefined,
): T | undefined {
  const registry = registryName(host);
  let best: { readonly length: number; readonly value: T } | undefined;
  for (const [key, value] of entries) {
    const parsed = parseKey(key);
    const fits =
      parsed.path === '' || repository === parsed.path || repository?.startsWith(`${parsed.path}/`);
    const isBetter = best === undefined || parsed.path.length > best.length;
    if (parsed.registry === registry && fits && isBetter) {
      best = { length: parsed.path.length, value };
    }
  }
  return best?.value;
}
