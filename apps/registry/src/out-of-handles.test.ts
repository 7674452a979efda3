import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PurserProcess } from './fixtures/purser-process.ts';
import { maintain } from './fixtures/maintain.ts';
import { Pushes } from './fixtures/pushes.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';

const OPEN_FILES = 80;

/** One that it inherited may be beyond the limit. */
async function handlesOf({ pid }: PurserProcess): Promise<number> {
  const handles = await readdir(`/proc/${pid}/fd`);
  return handles.filter((handle) => Number(handle) < OPEN_FILES).length;
}

/** Connects again and again until the server can open nothing more, nor has anything open that it will close soon. */
async function useUpHandles(purser: PurserProcess, url: string): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  for (let looks = 0; looks < 10; looks++) {
    while ((await handlesOf(purser)) < OPEN_FILES) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      sockets.push(socket);
      await once(socket, 'connect');
      looks = 0;
    }
    await setTimeout(10);
  }
  return sockets;
}

describe.skipIf(process.platform !== 'linux')(
  `a server without free file handles${process.platform === 'linux' ? '' : ' (skipped: they can be counted on Linux only)'}`,
  () => {
    it('refuses pushes for a while with its cause, leaves no part, and needs no restart', async () => {
      await using directory = await createTemporaryDirectory();
      await using purser = new PurserProcess(['serve'], {
        cwd: directory.path,
        openFiles: OPEN_FILES,
        environment: {
          REGISTRY_HTTP_ADDR: '127.0.0.1:0',
          REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: directory.path,
        },
      });
      const [, url = ''] = await purser.until(/(http:\/\/[\d.:]+)/);
      expect(purser.errors).toContain(`this process may open ${OPEN_FILES} files, and http.limits`);
      const pushes = new Pushes(url, 'handles/app');
      const kinds = Object.entries(pushes.kinds);
      const statusOf = async (path: string) => (await fetch(`${url}${path}`)).status;
      for (const answer of await pushes.base()) expect(answer.status).toBe(201);
      for (const [seed, [, push]] of kinds.entries()) expect((await push(seed)).status).toBe(201);

      // The requests that follow have their connection.
      const sockets = await useUpHandles(purser, url);
      for (const [index, [, push]] of kinds.entries()) {
        const answer = await push(100 + index);
        expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }] });
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      }
      expect(await statusOf('/readyz')).toBe(503);
      expect(await statusOf('/livez')).toBe(200);
      await purser.until(/storage cannot be read: not ready.*EMFILE/);

      for (const socket of sockets) socket.destroy();
      await expect.poll(() => statusOf('/readyz'), { timeout: 10_000 }).toBe(200);
      for (const [index, [, push]] of kinds.entries()) {
        expect((await push(100 + index)).status).toBe(201);
      }
      await maintain(directory.path, ['uploads', 'purge', '--older-than', '0s']);
      const files = await readdir(directory.path, { recursive: true });
      expect(files.filter((path) => /_uploads\/|\.tmp$/.test(path))).toEqual([]);
      expect(await maintain(directory.path, ['check', '--deep'])).toContain('Sound. 0 files');
    }, 60_000);
  },
);
