import {
  authFileKeychain,
  createRegistryClient,
  defaultKeychain,
  registryUrl,
  type Credentials,
  type Keychain,
  type RegistryClient,
  type RegistryClientOptions,
  type TransportObserver,
} from '@purser/client';
import type { ManifestDecoder, OperationOptions } from '@purser/core';
import type { Environment } from '../config/environment.ts';
import { packageVersion } from '../package-version.ts';
import type { RegistryAddress } from './place.ts';

/** How a registry is spoken to, as the command line says it. */
export interface RegistryAccess {
  readonly environment: Environment;
  /** Accepts any certificate, and plain HTTP where there is no TLS. */
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
 * Makes a client of a registry. A protocol that was written is used, and so is https with certificates to trust.
 *
 * Otherwise a registry on this machine, and every registry with `insecure`, is asked whether it speaks TLS, with any
 * certificate, and is used over plain HTTP when it does not: the rule of docker. Nothing else is asked yet.
 *
 * @throws RegistryClientError `NAME_INVALID`.
 */
export async function openRegistry(
  address: RegistryAddress,
  { decoder, access, signal }: OpenRegistryOptions,
): Promise<RegistryClient> {
  const { registry, insecure, mayBePlain } = connectionTo(address, access);
  const tls = access.ca === undefined ? undefined : { ca: access.ca };
  const client = { decoder, registry, insecure, tls, ...CLIENT };
  const isPlain = mayBePlain && !(await speaksTls(client, { signal }));
  return createRegistryClient({
    ...client,
    registry: isPlain ? `http://${address.domain}` : registry,
    credentials: keychainFor(access),
  });
}

interface RegistryConnection {
  /** A host or a URL. */
  readonly registry: string;
  readonly insecure: boolean;
  /** If true, plain HTTP is used when the registry speaks no TLS. */
  readonly mayBePlain: boolean;
}

function connectionTo(
  { domain, scheme }: RegistryAddress,
  { insecure = false, ca }: RegistryAccess,
): RegistryConnection {
  if (scheme === 'http') {
    return { registry: `http://${domain}`, insecure: true, mayBePlain: false };
  }
  const isLocal = registryUrl(domain).protocol === 'http:';
  // The host alone: docker.io is at another one.
  const registry = isLocal ? `https://${domain}` : domain;
  if (scheme === 'https') return { registry, insecure, mayBePlain: false };
  const isLenient = insecure || (isLocal && ca === undefined);
  return { registry, insecure: isLenient, mayBePlain: isLenient };
}

const CLIENT = { proxy: 'environment', userAgent: `purser/${packageVersion()}` } as const;

function keychainFor({ environment, authFile, credentials }: RegistryAccess): Keychain {
  const kept =
    authFile === undefined
      ? defaultKeychain({ environment })
      : authFileKeychain(authFile, { environment });
  if (credentials === undefined) return kept;
  return { credentials: async () => credentials };
}

/** Some servers wait for more when they get a TLS handshake that they do not understand. */
const PROBE = { deadlineMs: 5_000, retries: { attempts: 1 } };

/** Asks without credentials: those are for the connection that is chosen in the end. */
async function speaksTls(
  options: RegistryClientOptions,
  { signal }: OperationOptions,
): Promise<boolean> {
  let isAnswered = false;
  const observer: TransportObserver = ({ kind }) => void (isAnswered ||= kind === 'answered');
  await using client = createRegistryClient({ ...options, ...PROBE, observer });
  await client.check({ signal }).catch(() => signal?.throwIfAborted());
  return isAnswered;
}
