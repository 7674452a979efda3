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

/** As Go writes it. */
function peerAddress({ remoteAddress = '', remotePort }: IncomingMessage['socket']): string {
  const address = remoteAddress.replace(/^::ffff:/, '');
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
