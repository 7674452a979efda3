import { Authenticator } from '../authentication/authenticator.ts';
import { Prover } from '../authentication/prover.ts';
import { RememberedCredentials } from '../authentication/remembered-credentials.ts';
import { TokenServer } from '../authentication/token-server.ts';
import { TokenSource } from '../authentication/token-source.ts';
import type { Keychain } from '../credentials/credentials.ts';
import { registryName } from '../credentials/registry-key.ts';
import { reachOfHost } from './address-reach.ts';
import { Connections } from './connections.ts';
import { createExchangeAs, type ExchangeAs } from './exchange-as.ts';
import { MirroredTransport, type Mirror } from './mirrored-transport.ts';
import type { TransportObserver } from './observer.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { RegistryTransport } from './registry-transport.ts';
import { Retry } from './retry.ts';
import type { TlsOptions, Transport, TransportOptions } from './transport.ts';
import { trustedOrigins } from './trusted-origins.ts';
import { Warnings } from './warnings.ts';
import { withDefaults } from './with-defaults.ts';

export interface CreateTransportOptions extends TransportOptions {
  /** The registry: the only origin that gets credentials. A path is where its API is mounted. */
  readonly registry: URL;
  /** Default: anonymous. */
  readonly credentials?: Keychain | undefined;
  /** Takes any certificate of the registry, and plain http for a registry that is not on this machine. Default `false`. */
  readonly insecure?: boolean | undefined;
  /**
   * Registries that have copies of what is in this one. They are asked for manifests and blobs in this order before the
   * registry is. What a tag names is then what they say; content by digest proves itself. Default: none.
   */
  readonly mirrors?: readonly MirrorOptions[] | undefined;
}

/** All options that are not named here are those of the transport. */
export interface MirrorOptions {
  /** A path is where the API is mounted. */
  readonly url: URL;
  /** Those of the registry are not shown to mirrors. Default: anonymous. */
  readonly credentials?: Keychain | undefined;
  /** Takes any certificate, and plain http to another machine. Default `false`. */
  readonly insecure?: boolean | undefined;
  /** Default: the authorities of the registry, and no client certificate. */
  readonly tls?: TlsOptions | undefined;
  /** Whether the mirror is asked what a tag names. Default `true`. */
  readonly byTag?: boolean | undefined;
  /** As `deadlineMs` of the transport. There is one attempt. Default 10,000. */
  readonly deadlineMs?: number | undefined;
}

/**
 * A transport that sends requests over HTTP/1.1. It opens no connection before the first request.
 *
 * @throws TypeError for an option that cannot be meant: a registry that is no http(s) URL, plain http to another machine
 * without `insecure`, a number out of its bounds.
 */
export function createTransport(options: CreateTransportOptions): Transport {
  const { registry, mirrors = [], observer = () => {} } = options;
  const transport = createRegistryTransport(options);
  if (mirrors.length === 0) return transport;
  return new MirroredTransport({
    registry,
    transport,
    mirrors: mirrors.map((mirror) => createMirror(mirror, options)),
    namespace: registryName(registry.host),
    observer,
  });
}

function createMirror(
  { url, byTag = true, credentials, insecure, tls, deadlineMs = 10_000 }: MirrorOptions,
  options: CreateTransportOptions,
): Mirror {
  const transport = createRegistryTransport({
    ...options,
    registry: url,
    credentials,
    insecure,
    // The certificate of the client is for the registry.
    tls: tls ?? { ca: options.tls?.ca },
    deadlineMs,
    retries: { attempts: 1 },
  });
  return { url, transport, byTag };
}

function createRegistryTransport(options: CreateTransportOptions): Transport {
  const { registry, tls, proxy } = options;
  const settings = withDefaults<Settings>(options, DEFAULTS);
  const { insecure, observer, userAgent, maximumRedirects } = settings;
  checkRegistry(registry, insecure);
  for (const [name, least] of Object.entries(LEAST)) checkNumber(settings, name, least);
  const neighbourhood = new Neighbourhood(registry);
  const connections = new Connections({ ...settings, neighbourhood, tls, proxy });
  const exchangeAs = createExchangeAs({ ...settings, connections });
  return new RegistryTransport({
    registry,
    connections,
    exchangeAs,
    neighbourhood,
    authenticator: createAuthenticator(options, settings, exchangeAs),
    retry: new Retry(options.retries),
    userAgent,
    deadlineMs: settings.deadlineMs,
    maximumRedirects,
    trustedRedirects: trustedOrigins('trustedRedirects', options.trustedRedirects),
    observer,
    warnings: new Warnings(observer),
  });
}

const DEFAULTS = {
  connectionsPerHost: 16,
  deadlineMs: 60_000,
  idleTimeoutMs: 60_000,
  minimumBytesPerSecond: 1024,
  maximumRedirects: 10,
  maximumHeaderBytes: 65_536,
  userAgent: 'purser-client',
  clientId: 'purser',
  offlineTokens: false,
  insecure: false,
  observer: (): void => {},
};

type Settings = Omit<typeof DEFAULTS, 'observer'> & { readonly observer: TransportObserver };

/** Bounds of the options that are numbers. */
const LEAST = {
  connectionsPerHost: 1,
  deadlineMs: 1,
  idleTimeoutMs: 1,
  minimumBytesPerSecond: 0,
  maximumRedirects: 0,
  maximumHeaderBytes: 1,
};

const ANONYMOUS: Keychain = { credentials: async () => undefined };

function createAuthenticator(
  { registry, credentials = ANONYMOUS, trustedRealms }: CreateTransportOptions,
  settings: Settings,
  exchange: ExchangeAs,
): Authenticator {
  const headers = { 'user-agent': settings.userAgent };
  const prover = new Prover({
    registry,
    credentials: new RememberedCredentials(credentials, registry.host),
    tokens: new TokenSource(new TokenServer({ ...settings, exchange, headers })),
    trustedRealms: trustedOrigins('trustedRealms', trustedRealms),
  });
  return new Authenticator(registry, prover);
}

function checkRegistry({ protocol, hostname, host }: URL, insecure: boolean): void {
  if (protocol === 'https:') return;
  if (protocol !== 'http:')
    throw new TypeError(`registry is no http(s) URL: it begins ${protocol}`);
  if (insecure || reachOfHost(hostname) === 'loopback') return;
  throw new TypeError(
    `registry is reached by plain http, which anyone on the way can read: use https://${host}, or say insecure`,
  );
}

function checkNumber(settings: Settings, name: string, least: number): void {
  const value: unknown = settings[name as keyof Settings];
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new TypeError(`${name} is ${String(value)}; it has to be an integer, at least ${least}`);
}
