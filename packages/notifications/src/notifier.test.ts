import { inspect } from 'node:util';
import { parseRepositoryName, parseTag, type Repository } from '@purser/core';
import { createMemoryRegistry, sampleImage } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { EndpointServer } from './fixtures/endpoint-server.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { createNotifier, type NotifierOptions } from './notifier.ts';
import type { NotifierReport } from './observer.ts';
import { redeliverDeadLetters } from './outbox/dead-letters.ts';

const facts = {
  id: 'request-1',
  method: 'PUT',
  host: 'registry.example',
  address: '192.0.2.7',
  userAgent: 'test',
};

function emptyRepository(): Repository {
  return createMemoryRegistry().repository(parseRepositoryName('library/hello'));
}

function notifierOf(options: Partial<NotifierOptions>) {
  const reports: NotifierReport[] = [];
  const notifier = createNotifier({
    endpoints: [],
    source: { addr: 'node-1:5000', instanceID: 'instance' },
    observer: (report) => void reports.push(report),
    ...options,
  });
  return { notifier, reports };
}

/** Pushes blobs, which makes an event each. */
async function push(repository: Repository, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await repository.blobs.put(Buffer.from(text));
}

describe('a notifier', () => {
  it('tells every endpoint what happened, and who did it', async () => {
    await using one = await EndpointServer.listen();
    await using two = await EndpointServer.listen();
    const { notifier, reports } = notifierOf({
      endpoints: [
        { name: 'one', url: one.url },
        { name: 'two', url: two.url },
      ],
    });
    await notifier.start();
    const repository = notifier.observe(emptyRepository(), facts, 'alice');
    await push(repository, '{}');
    const config = await repository.blobs.put(Buffer.from('{}'));
    const digest = await repository.manifests.put(sampleImage({ config, layers: [] }));
    await repository.tags.tag(parseTag('v1'), digest);
    expect(await notifier.close()).toEqual([
      { name: 'one', pending: 0 },
      { name: 'two', pending: 0 },
    ]);
    expect(one.events).toEqual(two.events);
    expect(one.events.map(({ action, target }) => [action, target.digest, target.tag])).toEqual([
      ['push', config.digest, undefined],
      ['push', config.digest, undefined],
      ['push', digest, 'v1'],
    ]);
    expect(one.events[2]).toMatchObject({
      target: { url: `http://registry.example/v2/library/hello/manifests/${digest}` },
      request: { id: 'request-1', addr: '192.0.2.7', host: 'registry.example', method: 'PUT' },
      actor: { name: 'alice' },
      source: { addr: 'node-1:5000', instanceID: 'instance' },
    });
    expect(reports.filter(({ kind }) => kind === 'queued')).toHaveLength(6);
    expect(reports.filter(({ kind }) => kind === 'delivered')).toHaveLength(6);
  });

  it('leaves out what an endpoint ignores', async () => {
    await using server = await EndpointServer.listen();
    const endpoint = { name: 'e', url: server.url };
    const { notifier, reports } = notifierOf({
      endpoints: [
        { ...endpoint, ignore: { actions: ['push'] } },
        { ...endpoint, ignoredMediaTypes: ['application/octet-stream'] },
      ],
    });
    await notifier.start();
    const repository = notifier.observe(emptyRepository(), facts);
    const { digest } = await repository.blobs.put(Buffer.from('hello'));
    await repository.blobs.delete(digest);
    await notifier.close();
    expect(server.events.map(({ action }) => action)).toEqual(['delete', 'delete']);
    expect(reports.filter(({ kind }) => kind === 'queued')).toHaveLength(2);
  });

  it('never lets a request wait for an endpoint', async () => {
    await using server = await EndpointServer.listen(() => {});
    const { notifier, reports } = notifierOf({ endpoints: [{ name: 'e', url: server.url }] });
    await notifier.start();
    await push(notifier.observe(emptyRepository(), facts), 'a', 'b');
    expect(notifier.status()).toEqual([{ name: 'e', pending: 2 }]);
    expect(await notifier.close({ deadlineMs: 0 })).toEqual([{ name: 'e', pending: 2 }]);
    expect(reports.at(-1)).toEqual({ kind: 'dropped', endpoint: 'e', events: 2, reason: 'closed' });
  });

  it('delivers after a restart what waits in the outbox', async () => {
    await using directory = await createTemporaryDirectory();
    await using server = await EndpointServer.listen((_, response) => {
      response.writeHead(503).end();
    });
    const options = {
      endpoints: [{ name: 'e', url: server.url }],
      outbox: { directory: directory.path },
    };
    const before = notifierOf(options);
    await before.notifier.start();
    await push(before.notifier.observe(emptyRepository(), facts), 'a', 'b');
    await before.notifier.close({ deadlineMs: 0 });
    expect(before.reports.filter(({ kind }) => kind === 'dropped')).toEqual([]);
    server.received.length = 0;
    server.answer = (_, response) => void response.end();
    const after = notifierOf(options);
    await after.notifier.start();
    await after.notifier.close();
    expect(server.events.map(({ target }) => target.size)).toEqual([1, 1]);
  });

  it('gives an event up for the sake of those behind it, and delivers it when it is asked for', async () => {
    await using directory = await createTemporaryDirectory();
    await using server = await EndpointServer.listen((_, response) => {
      response.writeHead(server.received.length === 1 ? 400 : 200).end();
    });
    const options = {
      endpoints: [{ name: 'e', url: server.url, deadLetterAfter: { attempts: 1 } }],
      outbox: { directory: directory.path },
    };
    const { notifier, reports } = notifierOf(options);
    await notifier.start();
    await push(notifier.observe(emptyRepository(), facts), 'a', 'b');
    await notifier.close();
    const [refused, accepted] = server.events.map(({ id }) => id);
    expect(accepted).not.toBe(refused);
    expect(reports).toContainEqual({
      kind: 'dead-letter',
      endpoint: 'e',
      eventId: refused,
      isKept: true,
    });
    expect(await redeliverDeadLetters({ directory: directory.path })).toBe(1);
    const again = notifierOf(options);
    await again.notifier.start();
    await server.until(3);
    await again.notifier.close();
    expect(server.events[2]?.id).toBe(refused);
  });

  it('loses what it gives up when there is no outbox, and says so', async () => {
    await using server = await EndpointServer.listen((_, response) => {
      response.writeHead(400).end();
    });
    const { notifier, reports } = notifierOf({
      endpoints: [{ name: 'e', url: server.url, deadLetterAfter: { attempts: 1 } }],
    });
    await notifier.start();
    await push(notifier.observe(emptyRepository(), facts), 'a');
    await notifier.close();
    expect(reports.at(-1)).toMatchObject({ kind: 'dead-letter', isKept: false });
  });

  it('tells no secret in its reports and its events', async () => {
    await using server = await EndpointServer.listen(({ socket }, response) => {
      if (server.received.length === 1) socket.destroy();
      else response.end();
    });
    const { notifier, reports } = notifierOf({
      endpoints: [
        {
          name: 'e',
          url: server.url.replace('//', '//user:hush-password@'),
          headers: { 'X-Token': ['hush-header'] },
          secret: 'hush-secret',
        },
      ],
    });
    await notifier.start();
    await push(notifier.observe(emptyRepository(), facts), 'a');
    await notifier.close();
    expect(server.received).toHaveLength(2);
    const failed = reports.find(({ kind }) => kind === 'failed');
    expect(failed).toBeDefined();
    const bodies = server.received.map(({ body }) => body).join('');
    expect(JSON.stringify(reports) + inspect(failed, { depth: 10 }) + bodies).not.toContain('hush');
  });

  it('gives a repository back as it is when nobody is to be told', async () => {
    const { notifier } = notifierOf({
      endpoints: [{ name: 'e', url: 'http://e.example', disabled: true }],
    });
    await notifier.start();
    const repository = emptyRepository();
    expect(notifier.observe(repository, facts)).toBe(repository);
    expect(notifier.status()).toEqual([]);
    await notifier.close();
  });

  it('observes nothing before it is started and after it is closed', async () => {
    const { notifier } = notifierOf({ endpoints: [{ name: 'e', url: 'http://e.example' }] });
    const observe = () => notifier.observe(emptyRepository(), facts);
    expect(observe).toThrow(TypeError);
    await notifier.start();
    const repository = observe();
    await notifier.close();
    expect(observe).toThrow(TypeError);
    await expect(repository.blobs.put(Buffer.from('late'))).resolves.toBeDefined();
  });

  it('reports what happens after it was closed as dropped', async () => {
    const { notifier, reports } = notifierOf({
      endpoints: [{ name: 'e', url: 'http://e.example' }],
    });
    await notifier.start();
    const repository = notifier.observe(emptyRepository(), facts);
    await notifier.close();
    await push(repository, 'late');
    expect(reports).toEqual([{ kind: 'dropped', endpoint: 'e', events: 1, reason: 'closed' }]);
  });

  it('needs names that differ, with an outbox alone', () => {
    const endpoint = { name: 'e', url: 'http://e.example' };
    const outbox = { directory: 'unused' };
    expect(() => notifierOf({ endpoints: [endpoint, endpoint] })).not.toThrow();
    expect(() => notifierOf({ endpoints: [endpoint, endpoint], outbox })).toThrow(TypeError);
    expect(() => notifierOf({ endpoints: [{ ...endpoint, name: '' }], outbox })).toThrow(TypeError);
  });

  it('refuses an outbox with bounds that are too small to be kept', () => {
    const outbox = { directory: 'unused', maximumBytes: 1000 };
    expect(() => notifierOf({ outbox })).toThrow(TypeError);
  });
});
