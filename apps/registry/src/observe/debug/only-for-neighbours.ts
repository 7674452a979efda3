import { BlockList, isIPv6 } from 'node:net';
import type { Middleware } from 'koa';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Refuses who asks for one of the paths from another machine. Forwarding headers do not count: a proxy beside the server
 * is a neighbour, whomever it asks for.
 */
export function onlyForNeighbours(paths: RegExp): Middleware {
  return async function onlyForNeighbours(context, next) {
    if (!paths.test(context.path) || isLoopback(context.socket.remoteAddress)) return next();
    context.status = 403;
    context.body =
      'this is answered on the machine itself only; write an address with a host into http.debug.addr to change that\n';
  };
}

function isLoopback(address = ''): boolean {
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
