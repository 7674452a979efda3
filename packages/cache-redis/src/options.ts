export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Which servers there are, and what they are to each other. */
export type RedisDeployment =
  | { readonly kind: 'single'; readonly address: RedisAddress }
  | { readonly kind: 'cluster'; readonly addresses: readonly RedisAddress[] }
  | {
      readonly kind: 'sentinel';
      /** Of the sentinels. */
      readonly addresses: readonly RedisAddress[];
      readonly masterName: string;
      readonly sentinelUsername?: string | undefined;
      readonly sentinelPassword?: string | undefined;
    };

export interface RedisConnectionOptions {
  readonly deployment: RedisDeployment;
  /** Absent: the default user. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** 0 or more; a cluster has 0 alone. Default 0. */
  readonly database?: number | undefined;
  /** What the server lists the connection by. */
  readonly clientName?: string | undefined;
  /** How long a connection may take to be made, in milliseconds, 1 or more. Default 5000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a command may take, in milliseconds, 1 or more. The connection is given up after it. Default 3000. */
  readonly commandTimeoutMs?: number | undefined;
  /** Absent: connections are in the clear. */
  readonly tls?: RedisTlsOptions | undefined;
}

/** PEM texts. */
export interface RedisTlsOptions {
  /** Who may sign the server's certificate. Absent: those that Node.js trusts. */
  readonly rootCertificates?: readonly string[] | undefined;
  /** The client's own certificate, if the server asks for one, and its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * The keys of distribution's `redis` section that matter here, in the form of version 3 or of 2. Durations are in
 * milliseconds; 0 is the default, as in distribution.
 *
 * The keys of the pool (`pool.*`, `poolsize`, `maxidleconns`, …) need not be given: commands share one connection to
 * each server, one behind the other without waiting, which also keeps them in order.
 *
 * @see distribution, configuration/configuration.go.
 */
export interface RedisSection {
  /** `host:port`; several are a cluster or, with `mastername`, sentinels. */
  readonly addrs?: readonly string[] | undefined;
  /** As one of `addrs`, in version 2. */
  readonly addr?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly db?: number | undefined;
  readonly clientname?: string | undefined;
  readonly mastername?: string | undefined;
  readonly sentinelusername?: string | undefined;
  readonly sentinelpassword?: string | undefined;
  readonly dialtimeout?: number | undefined;
  readonly readtimeout?: number | undefined;
  /** A command is written and answered within the longer of this and `readtimeout`. */
  readonly writetimeout?: number | undefined;
  readonly tls?: RedisTlsSection | undefined;
}

export interface RedisTlsSection {
  /** Version 2. In version 3 any other member switches it on. */
  readonly enabled?: boolean | undefined;
  /** What the files hold that the section names, in PEM. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly rootcas?: readonly string[] | undefined;
}

/**
 * What a `redis` section asks for.
 *
 * @throws TypeError when it names no server, an address that is none, or a client certificate without its key or a key
 * without its certificate.
 */
export function parseRedisSection(section: RedisSection): RedisConnectionOptions {
  const { readtimeout, writetimeout } = section;
  return {
    deployment: deploymentOf(section),
    username: orAbsent(section.username),
    password: orAbsent(section.password),
    database: section.db,
    clientName: orAbsent(section.clientname),
    connectTimeoutMs: orAbsent(section.dialtimeout),
    commandTimeoutMs: orAbsent(Math.max(readtimeout ?? 0, writetimeout ?? 0)),
    tls: tlsOf(section.tls ?? {}),
  };
}

function deploymentOf(section: RedisSection): RedisDeployment {
  const { addrs = [], addr, mastername, sentinelusername, sentinelpassword } = section;
  const texts = addrs.length === 0 && addr !== undefined && addr !== '' ? [addr] : addrs;
  const addresses = texts.map(parseAddress);
  const [first] = addresses;
  if (first === undefined) throw new TypeError('redis: no server is given: set addrs');
  if (mastername !== undefined && mastername !== '') {
    return {
      kind: 'sentinel',
      addresses,
      masterName: mastername,
      sentinelUsername: orAbsent(sentinelusername),
      sentinelPassword: orAbsent(sentinelpassword),
    };
  }
  return addresses.length > 1 ? { kind: 'cluster', addresses } : { kind: 'single', address: first };
}

const ADDRESS = /^(?:\[(?<ipv6>[0-9a-fA-F:.%]+)\]|(?<name>[^\s:/[\]]*)):(?<port>[0-9]{1,5})$/;

function parseAddress(text: string): RedisAddress {
  const { ipv6, name, port } = ADDRESS.exec(text)?.groups ?? {};
  const number = Number(port);
  if (port === undefined || number < 1 || number > 65_535) {
    throw new TypeError(`redis: ${JSON.stringify(text)} is no address: write host:port`);
  }
  // Go takes an address without a host for this machine.
  return { host: ipv6 ?? (name === undefined || name === '' ? 'localhost' : name), port: number };
}

function tlsOf({
  enabled,
  certificate,
  key,
  rootcas,
}: RedisTlsSection): RedisTlsOptions | undefined {
  const [cert, secret] = [orAbsent(certificate), orAbsent(key)];
  if ((cert === undefined) !== (secret === undefined)) {
    throw new TypeError('redis: tls.certificate and tls.key must be given together');
  }
  const roots = rootcas?.length === 0 ? undefined : rootcas;
  if (enabled !== true && cert === undefined && roots === undefined) return undefined;
  return { certificate: cert, key: secret, rootCertificates: roots };
}

function orAbsent<T extends string | number>(value: T | undefined): T | undefined {
  return value === '' || value === 0 ? undefined : value;
}
