import type { Credentials, Keychain } from './credentials.ts';
import { findByKey } from './registry-key.ts';

/**
 * Gives the credentials of each registry as they are listed here.
 *
 * @param entries By host, `registry.example:5000`, or by namespace, `registry.example/team`, of which the longest counts.
 * Docker Hub is `docker.io`.
 */
export function fixedKeychain(entries: Readonly<Record<string, Credentials>>): Keychain {
  return {
    async credentials(host, { repository } = {}) {
      return findByKey(Object.entries(entries), host, repository);
    },
  };
}

/** Asks one keychain after the other, and gives the first credentials that there are. */
export function chainKeychains(...keychains: readonly Keychain[]): Keychain {
  return {
    async credentials(host, options) {
      for (const keychain of keychains) {
        const credentials = await keychain.credentials(host, options);
        if (credentials !== undefined) return credentials;
      }
      return undefined;
    },
  };
}
