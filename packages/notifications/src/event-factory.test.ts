import { digestOf, parseRepositoryName, parseTag } from '@purser/core';
import { describeBytes, sampleImage } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { encodeDistributionEnvelope } from './distribution-envelope.ts';
import { EventFactory, type EventFactoryOptions } from './event-factory.ts';
import type { Occurrence } from './listener.ts';

const name = parseRepositoryName('library/hello');
const config = describeBytes(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
const manifest = sampleImage({ config, layers: [] });
const digest = digestOf(manifest.payload);
const now = Date.parse('2026-01-02T03:04:05.678Z');

function create(occurrence: Occurrence, options: Partial<EventFactoryOptions> = {}) {
  const factory = new EventFactory({
    source: { addr: 'node-1:5000', instanceID: 'f6a8d6a6-0000-4000-8000-000000000000' },
    facts: {
      id: 'request-1',
      method: 'PUT',
      host: 'registry.example',
      address: '192.0.2.7',
      userAgent: 'skopeo/1.9 <test>',
    },
    actor: 'alice',
    baseUrl: 'https://registry.example',
    includeReferences: false,
    now: () => now,
    ...options,
  });
  return factory.create(name, occurrence);
}

describe('the event of a pushed manifest', () => {
  it('is written as distribution writes it, byte for byte', () => {
    const tag = parseTag('v1');
    const { event } = create({ kind: 'manifest', action: 'push', manifest, digest, tag });
    const size = manifest.payload.byteLength;
    expect(encodeDistributionEnvelope(event)).toBe(`{
   "events": [
      {
         "id": "${event.id}",
         "timestamp": "2026-01-02T03:04:05.678Z",
         "action": "push",
         "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "${digest}",
            "size": ${size},
            "length": ${size},
            "repository": "library/hello",
            "url": "https://registry.example/v2/library/hello/manifests/${digest}",
            "tag": "v1"
         },
         "request": {
            "id": "request-1",
            "addr": "192.0.2.7",
            "host": "registry.example",
            "method": "PUT",
            "useragent": "skopeo/1.9 \\u003ctest\\u003e"
         },
         "actor": {
            "name": "alice"
         },
         "source": {
            "addr": "node-1:5000",
            "instanceID": "f6a8d6a6-0000-4000-8000-000000000000"
         }
      }
   ]
}`);
  });

  it('lists what it refers to when that is asked for', () => {
    const occurrence = { kind: 'manifest', action: 'push', manifest, digest } as const;
    expect(create(occurrence).event.target).not.toHaveProperty('references');
    const { event } = create(occurrence, { includeReferences: true });
    expect(event.target.references).toEqual([config]);
  });

  it('lists no more references than fit into 32 KiB, and says how many are missing (event floods)', () => {
    const references = Array.from({ length: 33_000 }, () => ({
      kind: 'blob' as const,
      descriptor: config,
      foreign: false,
    }));
    const large = { ...manifest, references };
    const occurrence = { kind: 'manifest', action: 'pull', manifest: large, digest } as const;
    const { event } = create(occurrence, { includeReferences: true });
    expect(JSON.stringify(event).length).toBeLessThan(40_000);
    const { references: listed = [], omittedReferences = 0 } = event.target;
    expect(listed.length).toBeGreaterThan(127);
    expect(listed.length + omittedReferences).toBe(33_000);
  });

  it('has the size of the bytes that its digest is of', () => {
    const canonical = manifest.payload.subarray(0, 10);
    const sealed = { ...manifest, canonical };
    const { event } = create({ kind: 'manifest', action: 'push', manifest: sealed, digest });
    expect(event.target).toMatchObject({ size: 10, length: 10 });
  });
});

describe('other events', () => {
  it('of a mounted blob say where it came from', () => {
    const from = parseRepositoryName('library/source');
    const descriptor = describeBytes(Buffer.from('hello'), 'application/octet-stream');
    const { event } = create({ kind: 'blob', action: 'mount', descriptor, from });
    expect(Object.entries(event.target)).toEqual([
      ['mediaType', 'application/octet-stream'],
      ['digest', descriptor.digest],
      ['size', 5],
      ['length', 5],
      ['repository', 'library/hello'],
      ['fromRepository', 'library/source'],
      ['url', `https://registry.example/v2/library/hello/blobs/${descriptor.digest}`],
    ]);
  });

  it('of an empty blob have no length', () => {
    const descriptor = describeBytes(Buffer.alloc(0), 'application/octet-stream');
    const { event } = create({ kind: 'blob', action: 'push', descriptor });
    expect(event.target.size).toBe(0);
    expect(event.target).not.toHaveProperty('length');
  });

  it('of deletions name only what is gone', () => {
    const gone = { mediaType: '', size: 0, repository: 'library/hello' };
    const deleted = (['blob', 'manifest'] as const).map(
      (kind) => create({ kind, action: 'delete', digest }).event.target,
    );
    const tag = create({ kind: 'tag', action: 'delete', tag: parseTag('v1') }).event.target;
    expect(deleted).toEqual([
      { ...gone, digest },
      { ...gone, digest },
    ]);
    expect(tag).toEqual({ ...gone, digest: '', tag: 'v1' });
  });

  it('leave out what is not known, and keep the members that are always there', () => {
    const facts = { method: 'GET', host: '', address: '', userAgent: '' };
    const { event } = create(
      { kind: 'manifest', action: 'pull', manifest, digest },
      { facts, actor: undefined, source: {}, baseUrl: '' },
    );
    expect(event.actor).toEqual({});
    expect(event.source).toEqual({});
    expect(event.request).toEqual({ id: expect.any(String), method: 'GET', useragent: '' });
    expect(event.target.url).toBe(`/v2/library/hello/manifests/${digest}`);
  });

  it('of one request share its id and have their own', () => {
    const factory = new EventFactory({
      source: {},
      facts: { method: 'GET', host: 'h', address: '', userAgent: '' },
      actor: undefined,
      baseUrl: '',
      includeReferences: false,
      now: () => now,
    });
    const [first, second] = [1, 2].map(
      () => factory.create(name, { kind: 'blob', action: 'delete', digest }).event,
    );
    expect(first?.request.id).toBe(second?.request.id);
    expect(first?.id).not.toBe(second?.id);
  });
});
