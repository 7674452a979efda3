import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { needPrograms, RedisServer } from '@purser/external-programs';
import { tolerateFailures, type CacheState } from '@purser/cache';
import { createRedisCache } from '@purser/cache-redis';
import { createRegistryClient } from '@purser/client';
import { createManifestDecoder, digestOf, parseRepositoryName, type Digest } from '@purser/core';
import { sampleFormats } from '@purser/core/testing';
import { createRequestHandler } from '@purser/http-api';
import { createRegistry } from '@purser/storage';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const redis = needPrograms('redis-server');
const decoder = createManifestDecoder(sampleFormats);
const name = parseRepositoryName('library/app');
const WORKERS = 4;
/** Of one request, in milliseconds: a few waits for Redis, and a slow machine. */
const LONGEST = 2000;

/** A registry that is served over HTTP, with a client of Redis of its own. */
async function serve(driver: MemoryDriver, server: RedisServer) {
  const changes: CacheState[] = [];
  const cache = createRedisCache({
    deployment: { kind: 'single', address: server.address },
    commandTimeoutMs: 1000,
  });
  const tolerant = tolerateFailures(cache, {
    retryMs: 200,
    observer: { onStateChange: (state) => void changes.push(state) },
  });
  const registry = createRegistry({ driver, decoder, cache: tolerant, deletion: true });
  const handler = createRequestHandler({ registry, decoder });
  const http = createServer(handler as RequestListener).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const client = createRegistryClient({ registry: `127.0.0.1:${port}`, decoder });
  return {
    changes,
    remembered: cache.forRepository(name, 'blobs'),
    blobs: client.repository(name).blobs,
    async close() {
      await client[Symbol.asyncDispose]();
      http.closeAllConnections();
      http.close();
      tolerant[Symbol.dispose]();
      cache.close();
    },
  };
}

type Served = Awaited<ReturnType<typeof serve>>;

/** Pushes, reads and deletes without end, and keeps what went wrong. */
class Load implements AsyncDisposable {
  readonly failures: unknown[] = [];
  readonly deleted: Digest[] = [];
  readonly kept: Digest[] = [];
  requests = 0;
  slowest = 0;
  readonly #served: readonly Served[];
  readonly #stopping = new AbortController();
  readonly #workers: readonly Promise<void>[];

  constructor(served: readonly Served[]) {
    this.#served = served;
    this.#workers = Array.from({ length: WORKERS }, (_, worker) => this.#work(worker));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#workers);
  }

  async #work(worker: number): Promise<void> {
    for (let round = 0; !this.#stopping.signal.aborted; round++) {
      const mine = this.#served[worker % 2]!.blobs;
      const other = this.#served[(worker + 1) % 2]!.blobs;
      const content = Buffer.from(`${worker} ${round}`);
      const digest = digestOf(content);
      await this.#request('push', async () => void (await mine.put(content)));
      await this.#request('stat', async () => assert.ok(await other.stat(digest)));
      for (const blobs of [mine, other]) {
        await this.#request('open', async () => {
          const chunks = await (await blobs.open(digest)).toArray();
          assert.deepEqual(Buffer.concat(chunks as Buffer[]), content);
        });
      }
      if (round % 2 === 0) {
        this.kept.push(digest);
        continue;
      }
      await this.#request('delete', () => mine.delete(digest));
      this.deleted.push(digest);
      // A push would rely on these.
      await this.#request('stat', async () => assert.equal(await mine.stat(digest), undefined));
      await this.#request('stat', async () => assert.equal(await other.stat(digest), undefined));
    }
  }

  async #request(title: string, run: () => Promise<void>): Promise<void> {
    const start = performance.now();
    try {
      await run();
    } catch (error) {
      this.failures.push([title, error]);
    }
    this.requests += 1;
    this.slowest = Math.max(this.slowest, performance.now() - start);
  }
}

describe.skipIf(redis.isUnmet)(`a Redis that comes and goes under load${redis.note}`, () => {
  it('fails no request, and leaves no lie', { timeout: 180_000 }, async () => {
    await using server = await RedisServer.start();
    const driver = new MemoryDriver();
    const served = [await serve(driver, server), await serve(driver, server)];
    onTestFinished(async () => {
      for (const each of served) await each.close();
    });
    await using load = new Load(served);
    const until = (state: CacheState) =>
      vi.waitFor(
        () => expect(served.map(({ changes }) => changes.at(-1))).toEqual([state, state]),
        {
          timeout: 30_000,
          interval: 5,
        },
      );
    const more = (count: number) => {
      const goal = load.requests + count;
      return vi.waitFor(() => expect(load.requests).toBeGreaterThan(goal), { timeout: 30_000 });
    };

    /** What was deleted by now is not remembered, once what could not be cleared at once has been. */
    const forgotten = () => {
      const deleted = load.deleted.slice();
      const look = async () => {
        const found = await Promise.all(
          deleted.map((digest) => served[0]!.remembered.stat(digest)),
        );
        expect(found.filter((each) => each !== undefined)).toEqual([]);
      };
      return vi.waitFor(look, { timeout: 30_000 });
    };

    await more(200);
    for (let round = 0; round < 2; round++) {
      server.freeze();
      await until('set aside');
      await more(200);
      server.thaw();
      await until('in use');
      await forgotten();
      await server.send('FLUSHALL');
      await more(200);
      await server.kill();
      await until('set aside');
      await more(200);
      await server.restart();
      await until('in use');
      await more(200);
    }
    await load[Symbol.asyncDispose]();

    expect(load.failures).toEqual([]);
    expect(load.slowest).toBeLessThan(LONGEST);
    for (const { changes } of served) {
      expect(changes.filter((state) => state === 'set aside').length).toBeLessThan(12);
    }
    await forgotten();
    for (const { blobs } of served) {
      for (const digest of load.kept) expect(await blobs.stat(digest)).toBeDefined();
    }
  });
});
