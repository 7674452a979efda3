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
    expect(TABLE.find(name(asked), undefined)).toMatchObject({
      upstream: { name: found },
      remoteName: there,
      localName: asked,
      isByNamespace: false,
    });
  });

  it.each([
    ['quay.io', 'quay', 'quay.io/coreos/etcd'],
    ['docker.io', 'hub', 'coreos/etcd'],
  ])('of the namespace %s is %s, and what it has is kept as %s', (namespace, found, here) => {
    expect(TABLE.find(name('coreos/etcd'), namespace)).toMatchObject({
      upstream: { name: found },
      remoteName: 'coreos/etcd',
      localName: here,
      isByNamespace: true,
    });
  });

  it('is none for a namespace that nobody configured, whatever its name', () => {
    expect(() => TABLE.find(name('quay.io/team/app'), '169.254.169.254')).toThrow(
      expect.objectContaining({ code: 'NAME_UNKNOWN' }),
    );
  });

  it('does not depend on the namespace while no upstream has one', () => {
    const table = new UpstreamTable([upstream()]);
    expect(table.find(name('a/b'), 'quay.io')).toMatchObject({ localName: 'a/b' });
  });

  it('is none when no prefix fits and there is no upstream without', () => {
    expect(new UpstreamTable([QUAY]).find(name('library/debian'), undefined)).toBeUndefined();
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

  it('keeps under its prefix what it pulled by a namespace, and calls it what the client does', async () => {
    const { registry, second, store } = createTwo();
    const { digest } = await pushImage(second.content);
    const used: string[] = [];
    const repository = registry.repository(name('team/app'), {
      namespace: 'two',
      onNamespaceUsed: (namespace) => used.push(namespace),
    });
    expect(repository.name).toBe('team/app');
    expect(await repository.tags.get(LATEST)).toBe(digest);
    expect(used).toEqual(['two']);
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
