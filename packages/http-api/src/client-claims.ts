import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * The address of the client: what a proxy says, or else that of the peer with its port. Anyone can send such headers.
 *
 * @see distribution, internal/requestutil: the first entry of `X-Forwarded-For` if it is an address, then `X-Real-Ip`.
 */
export function clientAddress({ headers, socket }: IncomingMessage): string {
  const first = single(headers['x-forwarded-for'])?.split(',', 1)[0]?.trim();
  const named = [first, single(headers['x-real-ip'])].find((text) => text && isIP(text) !== 0);
  return named ?? peerAddress(socket);
}

/**
 * The address of the client as the nearest proxy saw it: the last entry of `X-Forwarded-For`, or else `X-Real-Ip`. A
 * client without a proxy can send any.
 */
export function forwardedAddress({ headers }: IncomingMessage): string | undefined {
  const last = single(headers['x-forwarded-for'])?.split(',').at(-1)?.trim();
  return [last, single(headers['x-real-ip'])].find((text) => text && isIP(text) !== 0);
}

/** The IP address of the peer; IPv4 in its own form also on a socket of IPv6. */
export function peerIp({ remoteAddress = '' }: IncomingMessage['socket']): string {
  return remoteAddress.replace(/^::ffff:/, '');
}

/** As Go writes it. */
function peerAddress(socket: IncomingMessage['socket']): string {
  const { remotePort } = socket;
  const address = peerIp(socket);
  if (remotePort === undefined) return address;
  return address.includes(':') ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
}

/** The user name of `Authorization: Basic`, which nobody has verified here. */
export function claimedUser(authorization: string | undefined): string | undefined {
  const [, encoded = ''] = /^basic +([a-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  const pair = Buffer.from(encoded, 'base64').toString();
  const end = pair.indexOf(':');
  return end > 0 ? pair.slice(0, end) : undefined;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
