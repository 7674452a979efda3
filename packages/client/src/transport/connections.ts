import { getCACertificates } from 'node:tls';
import { Agent, EnvHttpProxyAgent, ProxyAgent, type Dispatcher } from 'undici';
import type { Neighbourhood } from './neighbourhood.ts';
import type { TlsOptions } from './transport.ts';

/** What a server is to the client, which says how it is connected to. */
export type Role =
  | 'registry'
  /** Of the registry's site: sees the client certificate. */
  | 'token-server'
  /** Listed by the user as a token server. */
  | 'trusted-token-server'
  /** Where the registry redirects to, or has an upload go to. */
  | 'other'
  /** The same, listed by the user. */
  | 'trusted-other';

export interface ConnectionsOptions {
  readonly neighbourhood: Neighbourhood;
  readonly tls: TlsOptions | undefined;
  readonly proxy: string | URL | undefined;
  readonly connectionsPerHost: number;
  readonly deadlineMs: number;
  readonly idleTimeoutMs: number;
  readonly maximumHeaderBytes: number;
  readonly insecure: boolean;
}

/** Idle connections that servers promise to keep are closed after this many milliseconds all the same. */
const KEEP_ALIVE_MS = 30_000;

/** The connections of one transport, apart by what the servers may know and may be. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #dispatchers = new Map<string, Dispatcher>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** @param isTransfer Transfers have connections of their own, so that slow ones do not hold up short questions. */
  for(role: Role, isTransfer = false): Dispatcher {
    const key = `${role} ${isTransfer}`;
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const dispatcher = createDispatcher(this.#options, role);
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((each) => each.destroy()));
  }
}

function createDispatcher(options: ConnectionsOptions, role: Role): Dispatcher {
  const { deadlineMs, maximumHeaderBytes, proxy } = options;
  const tls = tlsOptions(options, role);
  const settings: Agent.Options = {
    connections: options.connectionsPerHost,
    headersTimeout: deadlineMs,
    bodyTimeout: options.idleTimeoutMs,
    connectTimeout: deadlineMs,
    maxHeaderSize: maximumHeaderBytes,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // One answer at a time on each connection: a broken one harms no other request.
    allowH2: false,
    connect: { ...tls, ...lookupOption(options, role), timeout: deadlineMs, allowH2: false },
  };
  if (proxy === undefined) return new Agent(settings);
  const proxied = { ...settings, requestTls: tls };
  if (proxy === 'environment') return new EnvHttpProxyAgent(proxied);
  return new ProxyAgent({ ...proxied, uri: String(proxy) });
}

function lookupOption({ neighbourhood }: ConnectionsOptions, role: Role) {
  if (role === 'registry') return { lookup: neighbourhood.lookupRegistry };
  const isJudged = role === 'other' || role === 'token-server';
  return isJudged ? { lookup: neighbourhood.lookupOther } : {};
}

function tlsOptions({ tls = {}, insecure }: ConnectionsOptions, role: Role) {
  const { ca, certificate, key } = tls;
  const isOther = role === 'other' || role === 'trusted-other';
  return {
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ...[ca].flat().map(pem)] }),
    ...(certificate === undefined || isOther ? {} : { cert: pem(certificate) }),
    ...(key === undefined || isOther ? {} : { key: pem(key) }),
    ...(insecure && role === 'registry' ? { rejectUnauthorized: false } : {}),
  };
}

function pem(text: string | Uint8Array): string | Buffer {
  return typeof text === 'string' ? text : Buffer.from(text);
}
