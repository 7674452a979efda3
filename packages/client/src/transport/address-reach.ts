import { BlockList, isIP } from 'node:net';
import { embeddedAddresses } from './embedded-addresses.ts';

/**
 * From how far away an address can be reached. `never` are addresses that no registry has: link-local ones, where cloud
 * machines are told their secrets, groups, and what is reserved.
 */
export type Reach = 'loopback' | 'private' | 'public' | 'never';

const LOOPBACK = ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'];
/** @see RFC 1918, RFC 4193, RFC 6598 (shared by the customers of a carrier), RFC 6890. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '198.18.0.0/15',
  'fc00::/7',
  'fec0::/10',
];
/** Besides link-local: where clouds answer questions about the machine that asks, outside that range. */
const NEVER = [
  '169.254.0.0/16',
  'fe80::/10',
  '100.100.100.200/32',
  '168.63.129.16/32',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  '224.0.0.0/4',
  '240.0.0.0/4',
  'ff00::/8',
];
const lists = [
  ['never', blockList(NEVER)],
  ['loopback', blockList(LOOPBACK)],
  ['private', blockList(PRIVATE)],
] as const;

/**
 * The reach of an address. An IPv6 address that leads to an IPv4 address is judged by both, and by the nearer one.
 *
 * @param address An IPv4 or IPv6 address, without brackets.
 */
export function reachOfAddress(address: string): Reach {
  // A zone, as in fe80::1%eth0, says nothing of the reach.
  const [bare = ''] = address.split('%', 1);
  const version = isIP(bare);
  if (version === 0) return 'never';
  const embedded = version === 6 ? embeddedAddresses(bare) : [];
  const found = lists.find(
    ([, list]) =>
      list.check(bare, version === 4 ? 'ipv4' : 'ipv6') ||
      embedded.some((each) => list.check(each, 'ipv4')),
  );
  return found?.[0] ?? 'public';
}

/** The reach of a host that is an address or names this machine; `undefined` for a name that has to be resolved. */
export function reachOfHost(hostname: string): Reach | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (bare === 'localhost' || bare.endsWith('.localhost')) return 'loopback';
  return isIP(bare) === 0 ? undefined : reachOfAddress(bare);
}

const RANKS: Readonly<Record<Reach, number>> = { loopback: 0, private: 1, public: 2, never: 3 };

/** The one of two that is farther away. */
export function farther(first: Reach | undefined, second: Reach): Reach {
  return first !== undefined && RANKS[first] > RANKS[second] ? first : second;
}

/** Whether something of one reach may send a client on to something of another: never to where it is more at home. */
export function mayLeadTo(from: Reach, to: Reach): boolean {
  return to !== 'never' && RANKS[to] >= RANKS[from];
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), network.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
