import { createClient, createCluster, createSentinel } from '@redis/client';
import type { RedisAddress, RedisConnectionOptions } from './options.ts';

/** The commands that the cache uses, as each kind of client has them. */
export interface RedisCommands {
  hGet(key: string, field: string): Promise<string | null>;
  hmGet(key: string, fields: string[]): Promise<(string | null)[]>;
  hSet(key: string, fields: Record<string, string>): Promise<unknown>;
  hDel(key: string, fields: string[]): Promise<unknown>;
  hSetNX(key: string, field: string, value: string): Promise<unknown>;
  sAdd(key: string, member: string): Promise<unknown>;
  sRem(key: string, member: string): Promise<unknown>;
  pExpire(key: string, milliseconds: number): Promise<unknown>;
  /** Runs commands on one key, all of them or none. */
  multi(): RedisTransaction;
}

interface RedisTransaction {
  hSet(key: string, fields: Record<string, string>): RedisTransaction;
  pExpire(key: string, milliseconds: number): RedisTransaction;
  exec(): Promise<unknown>;
}

export interface RedisClient extends RedisCommands {
  connect(): Promise<unknown>;
  /** Ends the connection; what waits for an answer fails. */
  destroy(): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/**
 * A client that is not connected yet.
 *
 * Commands are never kept for a connection to come: one that is sent when its sender has long given up could bring
 * back what was cleared since.
 */
export function createRedisClient(options: RedisConnectionOptions): RedisClient {
  const { deployment, database = 0 } = options;
  const node = nodeOptions(options);
  switch (deployment.kind) {
    case 'single':
      return createClient({
        ...node,
        database,
        RESP: 2,
        // Whoever uses the client makes another.
        socket: { ...node.socket, ...deployment.address, reconnectStrategy: false },
      });
    case 'cluster':
      return createCluster({
        RESP: 2,
        rootNodes: deployment.addresses.map((address) => ({ socket: address })),
        defaults: node,
      });
    case 'sentinel':
      return createSentinel({
        RESP: 2,
        name: deployment.masterName,
        sentinelRootNodes: deployment.addresses.map(({ host, port }: RedisAddress) => ({
          host,
          port,
        })),
        nodeClientOptions: { ...node, database },
        sentinelClientOptions: {
          ...node,
          ...credentials(deployment.sentinelUsername, deployment.sentinelPassword),
        },
      });
  }
}

function nodeOptions(options: RedisConnectionOptions) {
  const { connectTimeoutMs = 5000, username, password, clientName, tls } = options;
  return {
    ...credentials(username, password),
    ...(clientName !== undefined && { name: clientName }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    socket: {
      connectTimeout: connectTimeoutMs,
      ...(tls !== undefined && { tls: true as const, ...tlsOptions(tls) }),
    },
  };
}

function credentials(username: string | undefined, password: string | undefined) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

function tlsOptions(tls: NonNullable<RedisConnectionOptions['tls']>) {
  const { rootCertificates, certificate, key } = tls;
  return {
    ...(rootCertificates !== undefined && { ca: [...rootCertificates] }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
  };
}
