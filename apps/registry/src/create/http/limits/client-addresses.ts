import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, SocketAddress } from 'node:net';

/** Proxies in a row that are asked for an address. */
const MAXIMUM_HOPS = 16;

/**
 * Finds the address that a request counts for. An IPv6 client has a whole /64 network, so the network is its address.
 *
 * `X-Forwarded-For`, or `Forwarded` in its absence, counts only when a trusted proxy sent it, and is read from the right:
 * each entry was added by the hop after it, and everything left of the first untrusted address could be made up.
 *
 * @see RFC 7239, section 5.2.
 */
export class ClientAddresses {
  readonly #trusted: BlockList;

  /** @param trustedProxies IP addresses, and networks such as `10.0.0.0/8`. */
  constructor(trustedProxies: readonly string[]) {
    this.#trusted = networksOf(trustedProxies);
  }

  /** The same text for all requests of one client. */
  of({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let found = addressOf(socket.remoteAddress ?? '');
    // The peer of a Unix socket has no address; file permissions decide which programs connect.
    if (found === undefined ? socket.remoteAddress !== undefined : !this.#isTrusted(found)) {
      return networkOf(found);
    }
    for (const text of hopsOf(headers).slice(-MAXIMUM_HOPS).toReversed()) {
      const hop = addressOf(text);
      if (hop === undefined) break;
      found = hop;
      if (!this.#isTrusted(hop)) break;
    }
    return networkOf(found);
  }

  #isTrusted({ address, family }: SocketAddress): boolean {
    return this.#trusted.check(address, family);
  }
}

function networksOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', prefix] = text.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** An address, with or without a port or brackets; a mapped IPv4 address becomes what it is. */
function addressOf(text: string): SocketAddress | undefined {
  const bare = text
    .trim()
    .replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/%.*$/, '')
    .replace(MAPPED, '');
  const version = isIP(bare);
  if (version === 0) return undefined;
  return new SocketAddress({ address: bare, family: version === 4 ? 'ipv4' : 'ipv6' });
}

/** IPv4 as it is, IPv6 without its last 64 bits. */
function networkOf(found: SocketAddress | undefined): string {
  if (found === undefined) return '';
  if (found.family === 'ipv4') return found.address;
  const [head = '', tail] = found.address.split('::');
  const first = head.split(':').filter((group) => group !== '');
  const last = tail?.split(':').filter((group) => group !== '') ?? [];
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}

/** The address that each proxy names for the hop before it, the nearest last. */
function hopsOf(headers: IncomingMessage['headers']): readonly string[] {
  const named = textOf(headers['x-forwarded-for']);
  if (named !== undefined) return named.split(',');
  return (textOf(headers['forwarded']) ?? '')
    .split(',')
    .map((element) => /(?:^|;)\s*for="?([^";,]*)/i.exec(element)?.[1] ?? '');
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(',');
}
