import { needPrograms, RedisServer } from '@purser/external-programs';
import { digestOf, OCTET_STREAM, parseRepositoryName } from '@purser/core';
import { describeBlobDescriptorCacheConformance } from '@purser/core/conformance';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisCache, type RedisCache } from './redis-cache.ts';

const redis = needPrograms('redis-server');
const name = parseRepositoryName('library/debian');
const digest = digestOf(Buffer.from('content'));
const alias = digestOf(Buffer.from('content'), 'sha512');
const descriptor = { mediaType: OCTET_STREAM, digest, size: 7 };
const members = 'repository::library/debian::blobs';

describe.skipIf(redis.isUnmet)(`with a redis-server${redis.note}`, () => {
  let server: RedisServer;
  let cache: RedisCache;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    await server.send('FLUSHALL');
    cache = connect();
    return () => cache.close();
  });

  function connect(options: { entryLifetimeMs?: number } = {}): RedisCache {
    return createRedisCache({
      deployment: { kind: 'single', address: server.address },
      ...options,
    });
  }

  describeBlobDescriptorCacheConformance('in Redis', {
    describe,
    it,
    createCache: async () => ({ cache }),
  });

  describe('beside distribution', () => {
    it('writes what distribution reads of a blob of a repository', async () => {
      await cache.forRepository(name, 'blobs').set(digest, descriptor);
      expect(await server.send('SISMEMBER', members, digest)).toBe(1);
      expect(await server.send('HMGET', `blobs::${digest}`, 'digest', 'size', 'mediatype')).toEqual(
        [digest, '7', OCTET_STREAM],
      );
      expect(await server.send('HGET', `${members}::${digest}`, 'mediatype')).toBe(OCTET_STREAM);
    });

    it('writes what distribution reads of content with another digest', async () => {
      await cache.forRepository(name, 'blobs').set(alias, descriptor);
      expect(await server.send('SISMEMBER', members, alias)).toBe(1);
      expect(await server.send('HGET', `blobs::${alias}`, 'digest')).toBe(digest);
    });

    it('leaves nothing that distribution would take for a member', async () => {
      await cache.forRepository(name, 'blobs').set(digest, descriptor);
      await cache.forRepository(name, 'blobs').clear(digest);
      expect(await server.send('SISMEMBER', members, digest)).toBe(0);
      expect(await server.send('EXISTS', `${members}::${digest}`)).toBe(0);
    });

    it('believes what distribution knows globally, and not what it knows of repositories', async () => {
      await writeAsDistribution();
      expect(await cache.global.stat(digest)).toEqual(descriptor);
      expect(await cache.forRepository(name, 'blobs').stat(digest)).toBeUndefined();
      expect(await cache.forRepository(name, 'manifests').stat(digest)).toBeUndefined();
    });

    it('believes its own entries also after distribution wrote the same', async () => {
      await cache.forRepository(name, 'blobs').set(digest, descriptor);
      await writeAsDistribution();
      expect(await cache.forRepository(name, 'blobs').stat(digest)).toEqual(descriptor);
    });

    it('forgets what distribution cleared', async () => {
      await cache.forRepository(name, 'blobs').set(digest, descriptor);
      await server.send('SREM', members, digest);
      await server.send('DEL', `${members}::${digest}`);
      await server.send('HDEL', `blobs::${digest}`, 'digest', 'size', 'mediatype');
      expect(await cache.forRepository(name, 'blobs').stat(digest)).toBeUndefined();
      expect(await cache.global.stat(digest)).toBeUndefined();
    });

    it('leaves the media type that distribution took a blob for', async () => {
      await writeAsDistribution('application/gzip');
      await cache.forRepository(name, 'blobs').set(digest, descriptor);
      expect(await cache.global.stat(digest)).toMatchObject({ mediaType: 'application/gzip' });
    });
  });

  it('writes nothing that stays for ever', async () => {
    const brief = connect({ entryLifetimeMs: 5000 });
    await brief.forRepository(name, 'blobs').set(digest, descriptor);
    await brief.forRepository(name, 'manifests').set(alias, descriptor);
    await brief.global.set(digest, descriptor);
    brief.close();
    const keys = (await server.send('KEYS', '*')) as string[];
    expect(keys).toHaveLength(5);
    for (const key of keys) {
      const left = (await server.send('PTTL', key)) as number;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(5000);
    }
  });

  describe('full of garbage', () => {
    it.each([
      ['a text', ['SET', 'x']],
      ['a list', ['RPUSH', 'x']],
      ['a set', ['SADD', 'x']],
      ['an empty digest', ['HSET', 'digest', '', 'size', '1', 'purser', '']],
      ['a digest that is none', ['HSET', 'digest', 'sha256:../..', 'size', '1', 'purser', 'blobs']],
      [
        'a negative size',
        ['HSET', 'digest', digest, 'size', '-1', 'purser', `blobs ${digest} -1 a/b`],
      ],
      ['a size beyond numbers', ['HSET', 'digest', digest, 'size', '9'.repeat(400)]],
      ['no size', ['HSET', 'digest', digest]],
      ['a media type that is none', ['HSET', 'digest', digest, 'size', '1', 'mediatype', 'a\r\nb']],
      ['much text', ['HSET', 'digest', 'x'.repeat(1e6), 'size', '1', 'purser', 'x'.repeat(1e6)]],
    ])('takes %s for a miss', async (_, [command, ...rest]) => {
      for (const key of [`blobs::${digest}`, `${members}::${digest}`]) {
        await server.send(command!, key, ...rest);
      }
      expect(await cache.global.stat(digest)).toBeUndefined();
      expect(await cache.forRepository(name, 'blobs').stat(digest)).toBeUndefined();
    });

    it('neither fails to set nor to clear, and clears what it can', async () => {
      for (const key of [`blobs::${digest}`, members, `${members}::${digest}`]) {
        await server.send('SET', key, 'garbage');
      }
      const blobs = cache.forRepository(name, 'blobs');
      await blobs.set(digest, descriptor);
      expect(await blobs.stat(digest)).toBeUndefined();
      await blobs.clear(digest);
      await cache.global.clear(digest);
    });
  });

  it('gives up a connection that does not answer, and opens another', async () => {
    const impatient = createRedisCache({
      deployment: { kind: 'single', address: server.address },
      commandTimeoutMs: 100,
      connectTimeoutMs: 2000,
    });
    await impatient.global.set(digest, descriptor);
    server.freeze();
    await expect(impatient.global.stat(digest)).rejects.toThrow('no answer');
    server.thaw();
    expect(await impatient.global.stat(digest)).toEqual(descriptor);
    impatient.close();
  });

  it('fails while Redis is away, and works again when it is back', async () => {
    await cache.global.set(digest, descriptor);
    await server.kill();
    await expect(cache.global.stat(digest)).rejects.toBeInstanceOf(Error);
    await expect(cache.forRepository(name, 'blobs').clear(digest)).rejects.toBeInstanceOf(Error);
    await server.restart();
    expect(await cache.global.stat(digest)).toBeUndefined();
    await cache.global.set(digest, descriptor);
    expect(await cache.global.stat(digest)).toEqual(descriptor);
  });

  it('fails once it is closed, and can be closed twice', async () => {
    await cache.connect();
    cache.close();
    cache.close();
    await expect(cache.global.stat(digest)).rejects.toThrow(TypeError);
  });

  it('opens nothing before the first call', async () => {
    await server.kill();
    connect().close();
    const unused = connect();
    await expect(unused.connect()).rejects.toThrow('ECONNREFUSED');
    unused.close();
    await server.restart();
  });

  /** The commands of distribution's `SetDescriptor` in a repository. */
  async function writeAsDistribution(mediaType = OCTET_STREAM): Promise<void> {
    await server.send('SADD', members, digest);
    await server.send('HMSET', `blobs::${digest}`, 'digest', digest, 'size', '7');
    await server.send('HSETNX', `blobs::${digest}`, 'mediatype', mediaType);
    await server.send('HSET', `${members}::${digest}`, 'mediatype', mediaType);
  }
});

describe('the Redis cache', () => {
  it('refuses a lifetime that is none', () => {
    const deployment = { kind: 'single', address: { host: 'localhost', port: 1 } } as const;
    expect(() => createRedisCache({ deployment, entryLifetimeMs: 0 })).toThrow(TypeError);
  });
});
