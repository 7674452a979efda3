import {
  authFileKeychain,
  createRegistryClient,
  defaultKeychain,
  RegistryClientError,
  type Credentials,
  type Keychain,
  type RegistryClient,
} from '@purser/client';
import type { ManifestDecoder, OperationOptions } from '@purser/core';
import type { Environment } from '../config/environment.ts';
import { packageVersion } from '../package-version.ts';

/** How a registry is spoken to, as the command line says it. */
export interface RegistryAccess {
  readonly environment: Environment;
  /** Takes any certificate, and plain HTTP where there is no TLS. */
  readonly insecure?: boolean | undefined;
  /** Certificates of authorities to trust, in PEM. */
  readonly ca?: string | undefined;
  /** Where credentials are kept, in place of where docker keeps them. */
  readonly authFile?: string | undefined;
  /** Come before those that are kept. */
  readonly credentials?: Credentials | undefined;
}

export interface OpenRegistryOptions extends OperationOptions {
  readonly decoder: ManifestDecoder;
  readonly access: RegistryAccess;
}

/**
 * Makes a client of a registry that is named by its host. Nothing is asked yet, but for a registry that may be insecure:
 * whether it speaks TLS.
 *
 * @throws RegistryClientError `NAME_INVALID`.
 */
export async function openRegistry(
  domain: string,
  options: OpenRegistryOptions,
): Promise<RegistryClient> {
  const { access } = options;
  const secure = access.ca === undefined ? domain : `https://${domain}`;
  if (access.insecure !== true) return createClient(secure, options);
  const client = createClient(secure, options);
  if (client.url.protocol === 'http:' || (await speaks(client, options))) return client;
  await client[Symbol.asyncDispose]();
  return createClient(`http://${domain}`, options);
}

function createClient(registry: string, { decoder, access }: OpenRegistryOptions): RegistryClient {
  return createRegistryClient({
    registry,
    decoder,
    credentials: keychainFor(access),
    insecure: access.insecure,
    tls: access.ca === undefined ? undefined : { ca: access.ca },
    proxy: 'environment',
    userAgent: `purser/${packageVersion()}`,
  });
}

function keychainFor({ environment, authFile, credentials }: RegistryAccess): Keychain {
  const kept =
    authFile === undefined
      ? defaultKeychain({ environment })
      : authFileKeychain(authFile, { environment });
  if (credentials === undefined) return kept;
  return { credentials: async () => credentials };
}

async function speaks(client: RegistryClient, { signal }: OperationOptions): Promise<boolean> {
  try {
    await client.check({ signal });
  } catch (error) {
    // A registry that wants to know who asks is one.
    return !RegistryClientError.is(error, 'UNAVAILABLE', 'RESPONSE_INVALID');
  }
  return true;
}
