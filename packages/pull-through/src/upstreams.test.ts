import { parseRepositoryName, type RepositoryName } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { createPullThrough, LATEST, pushImage } from './fixtures/create-pull-through.ts';
import { UpstreamUnderTest } from './fixtures/upstream-under-test.ts';
import { UpstreamTable, type Upstream } from './upstreams.ts';

const name = (text: string): RepositoryName => parseRepositoryName(text);

function upstream(options: Partial<Upstream> = {}): Upstream {
  return { name: 'any.example', registry: createMemoryRegistry(), ...options };
}

const HUB = upstream({ name: 'hub', namespaces: ['docker.io'] });
const QUAY = upstream({ name: 'quay', prefix: 'quay.io', namespaces: ['Quay.io'] });
const TEAM = upstream({ name: 'team', prefix: 'quay.io/team' });
const TABLE = new UpstreamTable([HUB, QUAY, TEAM]);

describe('the upstream of a name', () => {
  it.each([
    ['library/debian', 'hub', 'library/debian'],
    ['quay.io/coreos/etcd', 'quay', 'coreos/etcd'],
    ['quay.io/team/app', 'team', 'app'],
    ['quay.io', 'hub', 'quay.io'],
    ['quay.iox/app', 'hub', 'quay.iox/app'],
  ])('%s is %s by its prefix, where it is %s', (asked, found, there) => {
    expect(TABLE.find(name(asked))).toMatchObject({
      upstream: { name: found },
      remoteName: there,
    });
    expect(TABLE.resolve({ name: name(asked) })).toEqual({ name: asked });
  });

  it.each([
    ['quay.io', 'quay', 'quay.io/coreos/etcd'],
    ['docker.io', 'hub', 'coreos/etcd'],
  ])('of the namespace %s is %s, and what it has is kept as %s', (namespace, found, here) => {
    const resolved = TABLE.resolve({ name: name('coreos/etcd'), namespace });
    expect(resolved).toEqual({ name: here, namespace });
    expect(TABLE.find(resolved.name)).toMatchObject({
      upstream: { name: found },
      remoteName: 'coreos/etcd',
    });
  });

  it('is none for a namespace that nobody configured, whatever its name', () => {
    const requested = { name: name('quay.io/team/app'), namespace: '169.254.169.254' };
    expect(() => TABLE.resolve(requested)).toThrow(
      expect.objectContaining({ code: 'NAME_UNKNOWN' }),
    );
  });

  // What one upstream gives must not be kept, nor served, as another's.
  it.each([
    ['docker.io', 'quay.io/coreos/etcd'],
    ['docker.io', 'quay.io/team/app'],
    ['quay.io', 'team/app'],
  ])(
    'authorised and served names: is none for %s and %s, a name that is of another upstream here',
    (namespace, asked) => {
      expect(() => TABLE.resolve({ name: name(asked), namespace })).toThrow(
        expect.objectContaining({ code: 'NAME_UNKNOWN' }),
      );
    },
  );

  it('is that of the name itself for the namespace of the registry', () => {
    const hub = { prefix: 'docker.io', namespaces: ['docker.io'], isFallback: true };
    const table = new UpstreamTable([upstream(hub), QUAY], {
      isLocal: async () => false,
      ownNamespace: 'Registry.example',
    });
    for (const asked of ['team/app', 'quay.io/coreos/etcd']) {
      const resolved = table.resolve({ name: name(asked), namespace: 'registry.EXAMPLE' });
      expect(resolved).toEqual({ name: asked, namespace: 'registry.example' });
    }
  });

  it('does not depend on the case of the namespace', () => {
    // The last is a Kelvin sign, whose lower case is a k: no header could repeat it.
    for (const namespace of ['docker.io', 'DOCKER.io', 'doc\u212aer.io']) {
      const resolved = TABLE.resolve({ name: name('a'), namespace });
      expect(resolved).toEqual({ name: 'a', namespace: 'docker.io' });
    }
  });

  describe('that is the fallback', () => {
    const local = new Set(['team/app']);
    const table = new UpstreamTable(
      [
        upstream({ name: 'hub', prefix: 'docker.io', namespaces: ['docker.io'], isFallback: true }),
        upstream({ name: 'team', prefix: 'docker.io/team' }),
        QUAY,
      ],
      { isLocal: async (asked) => local.has(asked) },
    );
    const resolve = async (asked: string, namespace?: string) => {
      const { name: found, fallback } = table.resolve({ name: name(asked), namespace });
      return [found, await fallback?.()];
    };

    it.each([
      ['library/debian', 'docker.io/library/debian'],
      ['quay.io', 'docker.io/quay.io'],
      // Local, of an upstream already, of another upstream with the prefix, or too long with it.
      ['team/app', undefined],
      ['quay.io/coreos/etcd', undefined],
      ['docker.io/library/debian', undefined],
      ['team/other', undefined],
      ['a'.repeat(250), undefined],
    ])('serves %s as %s', async (asked, expected) => {
      expect(await resolve(asked)).toEqual([asked, expected]);
    });

    it('does not serve what a client asks of a namespace', async () => {
      expect(await resolve('library/debian', 'docker.io')).toEqual([
        'docker.io/library/debian',
        undefined,
      ]);
    });

    it.each([
      [[{ prefix: 'a' }, { prefix: 'b' }], 'two upstreams'],
      [[{}], 'needs a prefix'],
    ])('is clear from the configuration', (items, problem) => {
      const upstreams = items.map((item) => upstream({ ...item, isFallback: true }));
      const options = { isLocal: async () => false };
      expect(() => new UpstreamTable(upstreams, options)).toThrow(problem);
    });

    it('needs to know what is local', () => {
      const only = upstream({ prefix: 'a', isFallback: true });
      expect(() => new UpstreamTable([only])).toThrow('isLocal');
    });
  });

  it('cannot have a name that is too long here', () => {
    const requested = { name: name('a'.repeat(250)), namespace: 'quay.io' };
    expect(() => TABLE.resolve(requested)).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID' }),
    );
  });

  it('does not depend on the namespace while no upstream has one', () => {
    const table = new UpstreamTable([upstream()]);
    expect(table.resolve({ name: name('a/b'), namespace: 'quay.io' })).toEqual({ name: 'a/b' });
  });

  it('is none when no prefix fits and there is no upstream without', () => {
    expect(new UpstreamTable([QUAY]).find(name('library/debian'))).toBeUndefined();
  });

  it.each([
    [[upstream(), upstream()], 'no prefix'],
    [[QUAY, upstream({ prefix: 'quay.io' })], 'prefix quay.io'],
    [[QUAY, upstream({ prefix: 'b', namespaces: ['quay.io'] })], 'namespace quay.io'],
  ])('must be clear from the configuration', (upstreams, problem) => {
    expect(() => new UpstreamTable(upstreams)).toThrow(problem);
  });
});

describe('a registry of several upstreams', () => {
  function createTwo() {
    const second = new UpstreamUnderTest();
    const made = createPullThrough({
      upstreams: [
        {
          name: 'second.example',
          registry: second.registry,
          prefix: 'second',
          namespaces: ['two'],
        },
      ],
    });
    return { ...made, second };
  }

  it('keeps under its prefix what it pulled by a namespace', async () => {
    const { registry, second, store } = createTwo();
    const { digest } = await pushImage(second.content);
    const resolved = registry.resolve({ name: name('team/app'), namespace: 'two' });
    const repository = registry.repository(resolved.name);
    expect(repository.name).toBe('second/team/app');
    expect(await repository.tags.get(LATEST)).toBe(digest);
    expect(await store.repository(name('second/team/app')).tags.get(LATEST)).toBe(digest);
    await registry.repository(name('second/team/app')).manifests.get(digest);
    expect(second.asked).toEqual(['tag']);
  });

  it('takes pushes for names that have no upstream', async () => {
    const { registry } = createTwo();
    const { digest } = await pushImage(registry, { name: name('our/app') });
    expect(await registry.repository(name('our/app')).tags.get(LATEST)).toBe(digest);
  });
});
