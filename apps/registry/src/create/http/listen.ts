import type { Server } from 'node:http';
import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { variableFor } from '../../config/environment.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import { StartError } from '../start-error.ts';
import { speaksTls } from './take-over.ts';

export interface ListenOptions {
  readonly key?: string | undefined;
  readonly isShared?: boolean | undefined;
}

/**
 * Makes a server wait for connections.
 *
 * @param options.key Of the configuration, for errors: what chooses the address.
 * @param options.isShared Whether another process saw to the address: a socket that is there is that of all.
 * @returns Where clients find it: `http://127.0.0.1:5000`, or `unix:/run/purser.sock`.
 * @throws StartError when the address is taken, forbidden, or none of this machine.
 */
export async function listen(
  server: Server,
  address: ListenAddress,
  { key = 'http.addr', isShared = false }: ListenOptions = {},
): Promise<string> {
  if (!isShared) await clearAddress(address, key);
  server.listen(address);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, address, key);
  }
  return urlOf(server);
}

/**
 * Removes what a process left behind and is in the way of the next one.
 *
 * @throws StartError when that is no socket.
 * @see distribution, registry/listener/listener.go.
 */
export async function clearAddress(address: ListenAddress, key = 'http.addr'): Promise<void> {
  if (address.kind !== 'unix') return;
  const { path } = address;
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new StartError(`${path} exists and is not a socket: choose another path with ${key}`);
  }
  await unlink(path);
}

function urlOf(server: Server): string {
  const address = server.address() as AddressInfo | string;
  if (typeof address === 'string') return `unix:${address}`;
  const { address: host, family, port } = address;
  const scheme = speaksTls(server) ? 'https' : 'http';
  if (host === '::' || host === '0.0.0.0') return `${scheme}://127.0.0.1:${port}`;
  return `${scheme}://${family === 'IPv6' ? `[${host}]` : host}:${port}`;
}

function explain(error: NodeJS.ErrnoException, address: ListenAddress, key: string): Error {
  const isSocketFile = address.kind === 'unix';
  const reason = (isSocketFile ? SOCKET_FILE_REASONS : REASONS)[error.code ?? ''];
  if (reason === undefined) return error;
  const example = isSocketFile ? '/run/purser.sock' : '127.0.0.1:5001';
  const way = `choose another address with ${key} (${variableFor(key)}=${example})`;
  return new StartError(`cannot listen on ${describeAddress(address)}: ${reason}; ${way}`, {
    cause: error,
  });
}

function describeAddress(address: ListenAddress): string {
  switch (address.kind) {
    case 'tcp':
      return `${address.host ?? ''}:${address.port}`;
    case 'unix':
      return address.path;
    case 'inherited':
      return `the inherited descriptor ${address.fd}`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'no permission; ports below 1024 need more rights',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved',
};

const SOCKET_FILE_REASONS: Readonly<Record<string, string>> = {
  ...REASONS,
  // Node.js tells a missing directory as a missing permission.
  EACCES: 'its directory does not exist, or there is no permission',
  EINVAL: 'the path is too long for a socket',
};
