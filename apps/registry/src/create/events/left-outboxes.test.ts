import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { digestOf, parseRepositoryName } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../config/load.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { createSilentLogger } from '../../observe/logger.ts';
import type { WorkerPlace } from '../../workers/worker-place.ts';
import { startNotifier } from './notifier.ts';
import { allOutboxes } from './outbox-directories.ts';

const facts = {
  method: 'PUT',
  host: 'registry.example',
  address: '192.0.2.7:1',
  userAgent: 'docker',
};
const repository = createMemoryRegistry().repository(parseRepositoryName('app'));

/** An endpoint that refuses what comes until it is told otherwise. */
async function createEndpoint() {
  const arrived: string[] = [];
  let isOpen = false;
  const server = createServer((request, response) => {
    void json(request).then((envelope) => {
      const { events } = envelope as { events: { target: { digest: string } }[] };
      if (isOpen) arrived.push(...events.map(({ target }) => target.digest));
      response.writeHead(isOpen ? 200 : 503).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    arrived,
    url: `http://127.0.0.1:${port}/`,
    open: () => (isOpen = true),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('outboxes of several workers', () => {
  it.each([
    ['all that there were', 3, [0, 1, 2]],
    ['fewer than there were', 2, [0, 1]],
    ['a server of one process', 1, [0]],
  ])('are delivered by %s', async (_title, count, slots) => {
    await using directory = await createTemporaryDirectory();
    await using endpoint = await createEndpoint();
    const config = createConfig({
      notifications: {
        endpoints: [{ name: 'ci', url: endpoint.url, backoff: '10ms' }],
        outbox: { directory: directory.path },
      },
    });
    const start = (place: WorkerPlace) => startNotifier(config, createSilentLogger(), { place });
    const contents = ['zero', 'one', 'two'].map((text) => Buffer.from(text));
    for (const [slot, content] of contents.entries()) {
      const notifier = await start({ slot, count: 3 });
      await notifier!.observe(repository, facts).blobs.put(content);
      await notifier!.close({ deadlineMs: 0 });
    }
    expect(await allOutboxes(directory.path)).toHaveLength(3);
    endpoint.open();
    const notifiers = await Promise.all(slots.map((slot) => start({ slot, count })));
    await Promise.all(notifiers.map((notifier) => notifier!.close({ deadlineMs: 10_000 })));
    expect(endpoint.arrived.toSorted()).toEqual(
      contents.map((content) => digestOf(content)).toSorted(),
    );
  });
});
