import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  digestOf,
  parseRepositoryName,
  type Descriptor,
  type ListOptions,
  type ListReferrersOptions,
  type Registry,
  type RepositoryName,
} from '@purser/core';
import { createMemoryRegistry, describeBytes, sampleBytes } from '@purser/core/testing';
import { errorOf } from './fixtures/answers.ts';
import { pushImage } from './fixtures/push-image.ts';
import { scriptedAccess } from './fixtures/scripted-access.ts';
import { serve, type TestRegistry } from './fixtures/serve.ts';

/** A registry whose catalog has many names, and counts how many it is asked for. */
function manyRepositories(count: number) {
  const names = Array.from({ length: count }, (_, index) =>
    parseRepositoryName(`r${10_000 + index}`),
  );
  const counts = { looked: 0 };
  async function* repositories({ after = '', budget }: ListOptions = {}) {
    let remaining = budget?.entries ?? Infinity;
    let last = '';
    for (const name of names) {
      if (name <= after) continue;
      if (remaining-- === 0) return budget?.onSpent(last);
      counts.looked++;
      last = name;
      yield name;
    }
  }
  const registry: Registry = { ...createMemoryRegistry(), repositories };
  return { registry, counts };
}

/** Follows the links of a listing to its end. */
async function pagesOf({ url }: TestRegistry, path: string) {
  const pages: Record<string, unknown>[] = [];
  const links: string[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const response: Response = await fetch(url + next);
    expect(response.status).toBe(200);
    pages.push((await response.json()) as Record<string, unknown>);
    next = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    if (next !== undefined) links.push(next);
  }
  return { pages, links };
}

describe('costly requests: the catalog of a caller who sees few repositories', () => {
  const sees = (name: RepositoryName) => name.endsWith('700');

  it('looks at a bounded number of them for a page', async () => {
    const { registry, counts } = manyRepositories(3000);
    await using server = await serve({ registry, access: scriptedAccess({ sees: () => false }) });
    const response = await fetch(`${server.url}/v2/_catalog?n=1`);
    expect(await response.json()).toEqual({ repositories: [] });
    expect(counts.looked).toBeLessThan(600);
  });

  it('lists all that they see in the end, and names no other', async () => {
    const { registry } = manyRepositories(3000);
    await using server = await serve({ registry, access: scriptedAccess({ sees }) });
    const { pages, links } = await pagesOf(server, '/v2/_catalog?n=10');
    expect(pages.flatMap(({ repositories }) => repositories)).toEqual([
      'r10700',
      'r11700',
      'r12700',
    ]);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).not.toMatch(/r1\d{4}/);
      expect(link).toMatch(/^\/v2\/_catalog\?last=%7E[\w-]+&n=10$/);
      expect(link).toHaveLength(links[0]!.length);
    }
  });

  it('goes on at another server with the same secret, and at no other', async () => {
    const serveWith = (secret: string) =>
      serve({
        registry: manyRepositories(3000).registry,
        access: scriptedAccess({ sees }),
        secret,
      });
    await using first = await serveWith('one');
    await using second = await serveWith('one');
    await using stranger = await serveWith('two');
    const link = (await fetch(`${first.url}/v2/_catalog?n=1`)).headers.get('link') ?? '';
    const path = /^<(.+)>/.exec(link)?.[1] ?? '';
    expect((await fetch(second.url + path)).status).toBe(200);
    for (const wrong of [stranger.url + path, `${first.url}/v2/_catalog?last=~x`]) {
      expect(await errorOf(await fetch(wrong))).toEqual({ status: 400, code: 'UNSUPPORTED' });
    }
  });

  it('has a plain link where the page ends at a repository that they see', async () => {
    const { registry } = manyRepositories(3000);
    await using server = await serve({ registry, access: scriptedAccess({ sees: () => true }) });
    const response = await fetch(`${server.url}/v2/_catalog?n=2`);
    expect(response.headers.get('link')).toBe('</v2/_catalog?last=r10001&n=2>; rel="next"');
  });
});

describe('costly requests: all tags of a repository', () => {
  it('come in pages of 10,000, which links join', async () => {
    const memory = createMemoryRegistry();
    const tags = Array.from({ length: 20_001 }, (_, index) => `t${100_000 + index}`);
    const registry: Registry = {
      ...memory,
      repository: (name) => {
        const repository = memory.repository(name);
        async function* list({ after = '', limit = Infinity }: ListOptions = {}) {
          yield* tags.filter((tag) => tag > after).slice(0, limit);
        }
        return Object.assign(Object.create(repository) as typeof repository, {
          tags: Object.assign(Object.create(repository.tags) as object, { list }),
        });
      },
    };
    await using server = await serve({ registry });
    const { pages, links } = await pagesOf(server, '/v2/a/tags/list');
    expect(pages.map((page) => (page['tags'] as string[]).length)).toEqual([10_000, 10_000, 1]);
    expect(pages.flatMap((page) => page['tags'])).toEqual(tags);
    expect(links[0]).toBe('/v2/a/tags/list?last=t109999');
  });
});

describe('costly requests: referrers that a filter leaves out', () => {
  it('are looked at as far as the budget of a page goes', async () => {
    const memory = createMemoryRegistry();
    const referrers = Array.from({ length: 700 }, (_, index) =>
      describeBytes(Buffer.from(String(index))),
    ).toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
    let looked = 0;
    async function* list(
      _subject: string,
      { after = '', artifactType, budget }: ListReferrersOptions = {},
    ): AsyncIterable<Descriptor> {
      let remaining = budget?.entries ?? Infinity;
      let last = '';
      for (const referrer of referrers) {
        if (referrer.digest <= after) continue;
        if (remaining-- === 0) return budget?.onSpent(last);
        looked++;
        last = referrer.digest;
        if (artifactType === undefined) yield referrer;
      }
    }
    await using server = await serve({
      registry: memory,
      decorate: (repository) =>
        Object.assign(Object.create(repository) as typeof repository, { referrers: { list } }),
    });
    const path = `/v2/a/referrers/${digestOf(sampleBytes(1))}`;
    const response = await fetch(`${server.url}${path}?artifactType=a%2Fb`);
    expect(looked).toBeLessThan(400);
    expect(response.headers.get('link')).toMatch(/last=sha256%3A[0-9a-f]{64}&artifactType=a%2Fb>/);
    expect(response.headers.get('oci-filters-applied')).toBe('artifactType');
    const { pages } = await pagesOf(server, path);
    expect(pages.flatMap(({ manifests }) => manifests)).toEqual(referrers);
  });
});

describe('costly requests: work for a client who leaves', () => {
  it.each(['PUT', 'DELETE'])('ends for %s of a manifest', async (method) => {
    const signals: (AbortSignal | undefined)[] = [];
    const never = (signal: AbortSignal | undefined) => {
      signals.push(signal);
      return new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    };
    await using server = await serve({
      decorate: (repository) =>
        Object.assign(Object.create(repository) as typeof repository, {
          manifests: Object.assign(Object.create(repository.manifests) as object, {
            put: (_manifest: unknown, options?: { signal?: AbortSignal }) => never(options?.signal),
            delete: (_digest: unknown, options?: { signal?: AbortSignal }) =>
              never(options?.signal),
          }),
        }),
    });
    const { manifest, digest } = await pushImage(
      createMemoryRegistry().repository(parseRepositoryName('a')),
    );
    const body = method === 'PUT' ? Buffer.from(manifest.payload) : Buffer.alloc(0);
    const socket = connect(server.port, '127.0.0.1');
    const head = `${method} /v2/a/manifests/${digest} HTTP/1.1\r\nHost: x\r\nContent-Type: ${manifest.mediaType}\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), body]));
    while (signals.length === 0) await wait(1);
    expect(signals[0]?.aborted).toBe(false);
    socket.destroy();
    await new Promise((resolve) => signals[0]?.addEventListener('abort', resolve));
    expect(server.failures).toEqual([]);
  });
});
