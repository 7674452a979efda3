import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { parseRepositoryName } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../config/load.ts';
import type { ConfigInput } from '../../config/schema.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { createLogger, createSilentLogger } from '../../observe/logger.ts';
import { startNotifier } from './notifier.ts';

interface Arrived {
  readonly action: string;
  readonly target: object;
  readonly source: object;
}

/** An endpoint, and what arrives there. */
async function listenForEvents() {
  const events: Arrived[] = [];
  const server = createServer((request, response) => {
    void json(request).then((envelope) => {
      events.push(...(envelope as { events: Arrived[] }).events);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    events,
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const configure = (notifications: ConfigInput['notifications']) =>
  createConfig({ http: { addr: '127.0.0.1:5000' }, notifications });

const facts = {
  method: 'POST',
  host: 'registry.example',
  address: '192.0.2.7:1',
  userAgent: 'docker',
  baseUrl: 'https://registry.example',
};

const repository = createMemoryRegistry().repository(parseRepositoryName('app'));

describe('the notifier of the server', () => {
  it('is none without an endpoint that is to be told', async () => {
    const silent = createSilentLogger();
    expect(await startNotifier(configure({}), silent)).toBeUndefined();
    const endpoints = [{ name: 'ci', url: 'http://127.0.0.1:1', disabled: true }];
    expect(await startNotifier(configure({ endpoints }), silent)).toBeUndefined();
  });

  it('tells endpoints what happens, and delivers what waits before it ends', async () => {
    await using endpoint = await listenForEvents();
    const endpoints = [
      { name: 'ci', url: endpoint.url },
      { name: 'pulls', url: endpoint.url, ignore: { actions: ['push'] } },
    ];
    const notifier = await startNotifier(configure({ endpoints }), createSilentLogger());
    await notifier!.observe(repository, facts).blobs.put(Buffer.from('hello'));
    await notifier!.close();
    expect(endpoint.events).toMatchObject([
      {
        action: 'push',
        target: {
          repository: 'app',
          url: expect.stringMatching(/^https:\/\/registry\.example\/v2/),
        },
        source: { addr: `${hostname()}:5000` },
      },
    ]);
  });

  it('waits for a process that still has the outbox', async () => {
    await using directory = await createTemporaryDirectory();
    const config = configure({
      endpoints: [{ name: 'ci', url: 'http://127.0.0.1:1' }],
      outbox: { directory: directory.path },
    });
    const first = await startNotifier(config, createSilentLogger());
    const lines: string[] = [];
    const { log } = createConfig();
    const told = Promise.withResolvers<void>();
    const logger = createLogger(log, {
      write(line) {
        lines.push(line);
        told.resolve();
      },
    });
    const second = startNotifier(config, logger);
    await told.promise;
    expect(lines.join('')).toContain('waiting for it to end');
    await first!.close({ deadlineMs: 0 });
    await (await second)!.close({ deadlineMs: 0 });
  });

  it('is an error of the start when the outbox cannot be used', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'file');
    await writeFile(path, '');
    const config = configure({
      endpoints: [{ name: 'ci', url: 'http://127.0.0.1:1' }],
      outbox: { directory: path },
    });
    await expect(startNotifier(config, createSilentLogger())).rejects.toThrow(
      'cannot keep events in notifications.outbox.directory',
    );
  });
});
