/** Where a login comes from, as the request says. */
export interface LoginOrigin {
  /** The IP address of the peer. */
  readonly address?: string | undefined;
  /** The IP address of the client, if the peer is a proxy. */
  readonly forwardedAddress?: string | undefined;
}

/**
 * The sources of a login that share the blame for its failure: the user, the network of the peer, and the network that
 * the peer names. The last counts for this peer alone, so that a forged one harms nobody else.
 */
export function sourcesOf(user: string, origin: LoginOrigin): readonly string[] {
  const { address, forwardedAddress } = origin;
  const sources = [`user ${user}`];
  if (address === undefined) return sources;
  const peer = networkOf(address);
  sources.push(`peer ${peer}`);
  if (forwardedAddress !== undefined) sources.push(`client ${networkOf(forwardedAddress)} ${peer}`);
  return sources;
}

const GROUPS = 8;
const GROUPS_OF_NETWORK = 4;

/** An IPv4 address as it is; of an IPv6 address the first 64 bits, since one client can have all the others. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [start = '', end] = address.split('::');
  const groups = groupsOf(start);
  if (end !== undefined) {
    const others = groupsOf(end);
    while (groups.length + others.length < GROUPS) groups.push('0');
    for (const other of others) groups.push(other);
  }
  const network = groups.slice(0, GROUPS_OF_NETWORK);
  return network.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':', GROUPS);
}
