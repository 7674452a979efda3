import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { needPrograms, RedisServer } from '@purser/external-programs';
import { digestOf, OCTET_STREAM, parseRepositoryName } from '@purser/core';
import { describeBlobDescriptorCacheConformance } from '@purser/core/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisConnectionOptions } from './options.ts';
import { createRedisCache } from './redis-cache.ts';

const redis = needPrograms('redis-server');
const encrypted = needPrograms('redis-server', 'openssl');
const name = parseRepositoryName('library/debian');
const digest = digestOf(Buffer.from('content'));
const descriptor = { mediaType: OCTET_STREAM, digest, size: 7 };

async function isUsable(options: RedisConnectionOptions): Promise<boolean> {
  const cache = createRedisCache(options);
  try {
    const blobs = cache.forRepository(name, 'blobs');
    await blobs.set(digest, descriptor);
    const set = await blobs.stat(digest);
    await blobs.clear(digest);
    return set?.size === 7 && (await blobs.stat(digest)) === undefined;
  } finally {
    cache.close();
  }
}

/** Asks again until a server that is being set up says so. */
async function eventually(isReady: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await isReady()) return;
    await delay(50);
  }
  throw new Error('the servers did not become ready');
}

describe.skipIf(redis.isUnmet)(`one server${redis.note}`, () => {
  it('asks for a user and a password', async () => {
    await using server = await RedisServer.start({
      configuration: ['user default off', 'user purser on >secret ~* &* +@all'],
      client: { username: 'purser', password: 'secret' },
    });
    const deployment = { kind: 'single', address: server.address } as const;
    expect(await isUsable({ deployment, username: 'purser', password: 'secret' })).toBe(true);
    await expect(isUsable({ deployment })).rejects.toThrow(/NOAUTH|authentication/i);
    const wrong = isUsable({ deployment, username: 'purser', password: 'wrong' });
    await expect(wrong).rejects.toThrow('WRONGPASS');
  });

  it('keeps the cache in a database of its own', async () => {
    await using server = await RedisServer.start();
    const cache = createRedisCache({
      deployment: { kind: 'single', address: server.address },
      database: 3,
    });
    await cache.global.set(digest, descriptor);
    cache.close();
    expect(await server.send('DBSIZE')).toBe(0);
    expect(await server.send('INFO', 'keyspace')).toContain('db3:keys=1');
  });
});

describe.skipIf(encrypted.isUnmet)(`an encrypted server${encrypted.note}`, () => {
  it('is believed only with a certificate that is trusted, and asks for one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'purser-certificates-'));
    try {
      const [certificate, key] = await createCertificate(folder);
      await using server = await RedisServer.start({
        encryption: { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') },
        client: { socket: { tls: true, ca: certificate, cert: certificate, key } },
      });
      const deployment = { kind: 'single', address: server.address } as const;
      const rootCertificates = [certificate];
      const tls = { rootCertificates, certificate, key };
      expect(await isUsable({ deployment, tls })).toBe(true);
      await expect(isUsable({ deployment, tls: {} })).rejects.toThrow(/certificate/);
      await expect(isUsable({ deployment, tls: { rootCertificates } })).rejects.toBeInstanceOf(
        Error,
      );
      await expect(isUsable({ deployment, connectTimeoutMs: 500 })).rejects.toBeInstanceOf(Error);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** One that signs itself, for 127.0.0.1. */
async function createCertificate(folder: string): Promise<[certificate: string, key: string]> {
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1';
  const subject = '-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1';
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  await promisify(execFile)('openssl', [...`${request} ${subject}`.split(' '), ...files]);
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  return [await read('cert.pem'), await read('key.pem')];
}

describe.skipIf(redis.isUnmet)(`sentinels${redis.note}`, () => {
  it('say which server is the master', async () => {
    await using server = await RedisServer.start();
    await using sentinel = await RedisServer.start({
      sentinel: true,
      configuration: [
        `sentinel monitor main 127.0.0.1 ${server.port} 1`,
        'user default on >watch ~* &* +@all',
      ],
      client: { password: 'watch' },
    });
    const deployment = {
      kind: 'sentinel',
      addresses: [sentinel.address],
      masterName: 'main',
      sentinelPassword: 'watch',
    } as const;
    expect(await isUsable({ deployment })).toBe(true);
    const other = { ...deployment, masterName: 'other' };
    await expect(isUsable({ deployment: other, connectTimeoutMs: 500 })).rejects.toBeInstanceOf(
      Error,
    );
  });
});

describe.skipIf(redis.isUnmet)(`a cluster${redis.note}`, () => {
  const servers: RedisServer[] = [];

  beforeAll(async () => {
    const clustered = { configuration: ['cluster-enabled yes', 'cluster-node-timeout 2000'] };
    servers.push(
      ...(await Promise.all([RedisServer.start(clustered), RedisServer.start(clustered)])),
    );
    const [first, second] = servers as [RedisServer, RedisServer];
    await first.send('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await second.send('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await first.send('CLUSTER', 'MEET', '127.0.0.1', String(second.port));
    await eventually(async () => {
      const known = await Promise.all(servers.map((server) => server.send('CLUSTER', 'INFO')));
      return known.every((info) =>
        /state:ok[^]*slots_ok:16384[^]*known_nodes:2/.test(String(info)),
      );
    });
  }, 20_000);
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  describeBlobDescriptorCacheConformance('in a cluster', {
    describe,
    it,
    createCache: async () => {
      for (const server of servers) await server.send('FLUSHALL');
      const addresses = servers.map(({ address }) => address);
      const cache = createRedisCache({ deployment: { kind: 'cluster', addresses } });
      return { cache, cleanUp: async () => cache.close() };
    },
  });
});
