import { lookup as lookupName, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { farther, mayLeadTo, reachOfAddress, reachOfHost, type Reach } from './address-reach.ts';
import { RegistryClientError } from './registry-client-error.ts';

/**
 * Keeps a registry from leading the client to servers that only the client can reach. What the registry names may be
 * no nearer than the registry itself: a public one names public addresses, one in a private network also private ones,
 * one on this machine everything but link-local addresses. Where names are resolved by a proxy, only addresses and
 * `localhost` are judged.
 *
 * Names are judged by the addresses that the connection is made to, so a name that changes its address gains nothing.
 */
export class Neighbourhood {
  readonly #lookup: LookupFunction;
  #registryReach: Reach | undefined;

  constructor(registry: URL, lookup: LookupFunction = lookupName as LookupFunction) {
    this.#lookup = lookup;
    this.#registryReach = reachOfHost(registry.hostname);
  }

  /** Resolves the name of the registry, and remembers how far away it is. */
  readonly lookupRegistry: LookupFunction = (hostname, options, callback) => {
    this.#lookup(hostname, options, (error, address, family) => {
      if (error === null) {
        for (const each of addressesOf(address)) {
          this.#registryReach = farther(this.#registryReach, reachOfAddress(each));
        }
      }
      callback(error, address, family);
    });
  };

  /** Resolves the name of another server, and fails when it is one that the registry may not name. */
  readonly lookupOther: LookupFunction = (hostname, options, callback) => {
    this.#lookup(hostname, options, (error, address, family) => {
      const refused =
        error === null &&
        addressesOf(address).some((each) => !this.#mayLeadTo(reachOfAddress(each)));
      callback(refused ? refusal(hostname) : error, address, family);
    });
  };

  /**
   * Checks a host that needs no name to be resolved.
   *
   * @throws RegistryClientError `RESPONSE_INVALID`.
   */
  check(hostname: string): void {
    const reach = reachOfHost(hostname);
    if (reach !== undefined && !this.#mayLeadTo(reach)) throw refusal(hostname);
  }

  /** A registry of which nothing is known is taken for a public one. */
  #mayLeadTo(reach: Reach): boolean {
    return mayLeadTo(this.#registryReach ?? 'public', reach);
  }
}

function addressesOf(address: string | LookupAddress[]): readonly string[] {
  return typeof address === 'string' ? [address] : address.map((each) => each.address);
}

function refusal(hostname: string): RegistryClientError {
  return new RegistryClientError('RESPONSE_INVALID', {
    message: `the registry leads to ${hostname}, which is nearer to this machine than the registry is; list it in trustedRedirects or trustedRealms if that is meant`,
    detail: { hostname },
  });
}
