import { RegistryClientError } from './transport/registry-client-error.ts';

/** Docker's registry answers at another host than the one that references name. */
const DOCKER_HUB = new URL('https://registry-1.docker.io/');
const DOCKER_DOMAINS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

const LOOPBACK = /^(?:localhost|[^.]+\.localhost|127(?:\.[0-9]+){3}|\[::1\])$/;

/**
 * The URL of a registry that is named by its host, as in a reference. `docker.io` is at `registry-1.docker.io`; a
 * registry on this machine (`localhost`, `127.0.0.1`, `[::1]`) is asked by plain http, every other by https.
 *
 * @param registry A host with or without a port, or a URL, which is taken as it is.
 * @throws RegistryClientError `NAME_INVALID` when it is neither, or a URL that is not of HTTP or holds a user, a
 * password, a query or a fragment.
 * @see distribution/reference, for Docker's host.
 */
export function registryUrl(registry: URL | string): URL {
  const text = String(registry);
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || !isPlain(url)) throw malformed();
  if (text.includes('://')) return url;
  if (url.pathname !== '/') throw malformed();
  if (DOCKER_DOMAINS.has(text)) return new URL(DOCKER_HUB);
  if (!LOOPBACK.test(url.hostname)) return url;
  return new URL(`http://${text}`);
}

function isPlain({ protocol, username, password, search, hash }: URL): boolean {
  const isHttp = protocol === 'https:' || protocol === 'http:';
  return isHttp && `${username}${password}${search}${hash}` === '';
}

/** Says nothing of the text: it may hold a password. */
function malformed(): RegistryClientError {
  return new RegistryClientError('NAME_INVALID', {
    message:
      'malformed registry: expected a host such as registry.example:5000, or an http or https URL without user and query',
  });
}
