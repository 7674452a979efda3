import { getDomain } from 'tldts';
import { reachOfHost } from '../transport/address-reach.ts';
import { displayUrl } from '../transport/display.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { Role } from '../transport/connections.ts';

/** A token server that may be asked, and how it is connected to. */
export interface Realm {
  readonly url: URL;
  readonly role: Role;
}

interface RealmRules {
  readonly registry: URL;
  /** Origins. */
  readonly trustedRealms: readonly string[];
}

/**
 * Judges the realm of a challenge, which anyone who speaks for the registry may have written: credentials are sent
 * there. It has to be the registry's own origin, or one that the user listed, or a server of the same site by https; on
 * this machine also by http.
 *
 * @throws RegistryClientError `UNAUTHORIZED` for any other.
 */
export function judgeRealm(
  realm: string | undefined,
  { registry, trustedRealms }: RealmRules,
): Realm {
  const url = parseRealm(realm);
  if (url === undefined) throw refusal(`${registry.host} names no token server that can be asked`);
  if (url.origin === registry.origin) return { url, role: 'registry' };
  if (trustedRealms.includes(url.origin)) return { url, role: 'trusted-token-server' };
  if (!isOfSameSite(url.hostname, registry.hostname)) {
    throw refusal(
      `${registry.host} sends for a token to ${displayUrl(url)}, at another site; list ${url.origin} in trustedRealms if that is meant`,
    );
  }
  if (url.protocol === 'http:' && !isPlainLike(registry, url)) {
    throw refusal(`${registry.host} sends for a token to ${displayUrl(url)}, by plain http`);
  }
  return { url, role: url.hostname === registry.hostname ? 'registry' : 'token-server' };
}

function parseRealm(realm: string | undefined): URL | undefined {
  const url = URL.parse(realm ?? '');
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
}

/** Plain http is fine on this machine, and on a host that the user speaks plain http to already. */
function isPlainLike(registry: URL, url: URL): boolean {
  if (registry.protocol !== 'http:') return false;
  return reachOfHost(url.hostname) === 'loopback' || url.hostname === registry.hostname;
}

function isOfSameSite(first: string, second: string): boolean {
  if (first === second) return true;
  const reaches = [reachOfHost(first), reachOfHost(second)];
  if (reaches.every((reach) => reach === 'loopback')) return true;
  // Suffixes under which anyone can have a name, such as github.io, make no site.
  const site = getDomain(first, { allowPrivateDomains: true });
  return site !== null && site === getDomain(second, { allowPrivateDomains: true });
}

function refusal(message: string): RegistryClientError {
  return new RegistryClientError('UNAUTHORIZED', { message });
}
