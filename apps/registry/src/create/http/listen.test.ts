import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ListenAddress } from '../../config/listen-address.ts';
import { COMMAND_FILE } from '../../fixtures/purser-process.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { findInheritedSocket } from './inherited-socket.ts';
import { listen } from './listen.ts';

const tcp = (host: string | undefined, port = 0): ListenAddress => ({ kind: 'tcp', host, port });

describe('listen', () => {
  it.each([
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['localhost', /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+$/],
    [undefined, /^http:\/\/127\.0\.0\.1:\d+$/],
  ])('on %s tells a URL by which it is reached', async (host, url) => {
    await using server = createServer();
    expect(await listen(server, tcp(host))).toMatch(url);
  });

  it.each([
    ['192.0.2.1', 'this machine has no such address'],
    ['name.invalid', 'the host name'],
  ])('on %s fails for a reason and with a way out', async (host, reason) => {
    const server = createServer();
    const failure = listen(server, tcp(host, 1));
    await expect(failure).rejects.toThrow(reason);
    await expect(failure).rejects.toMatchObject({ name: 'StartError' });
    await expect(failure).rejects.toThrow('choose another address with http.addr');
  });

  it('does not remove what is no socket', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'file');
    await writeFile(path, '');
    await expect(listen(createServer(), { kind: 'unix', path })).rejects.toThrow(
      `${path} exists and is not a socket`,
    );
  });

  it('does not make the directory of a socket', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'nowhere/purser.sock');
    await expect(listen(createServer(), { kind: 'unix', path })).rejects.toThrow(
      'its directory does not exist, or there is no permission; choose another address',
    );
    await mkdir(join(directory.path, 'nowhere'));
    await using server = createServer();
    expect(await listen(server, { kind: 'unix', path })).toBe(`unix:${path}`);
  });
});

describe('a socket of systemd', () => {
  it('takes the place of the configured address', async () => {
    await using directory = await createTemporaryDirectory();
    await using opened = createServer().listen(0, '127.0.0.1');
    await once(opened, 'listening');
    const { port } = opened.address() as AddressInfo;
    const { fd } = (opened as unknown as { _handle: { fd: number } })._handle;
    const child = spawn(
      'sh',
      ['-c', `LISTEN_PID=$$ exec "${process.execPath}" "${COMMAND_FILE}" serve`],
      {
        cwd: directory.path,
        env: { PATH: process.env['PATH'], LISTEN_FDS: '1', REGISTRY_STORAGE: 'inmemory' },
        stdio: ['ignore', 'pipe', 'inherit', fd],
      },
    );
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    child.kill('SIGTERM');
    const [status] = (await once(child, 'close')) as [number];
    expect(line.toString()).toContain(`serves http://127.0.0.1:${port} from memory`);
    expect(status).toBe(0);
  });

  it('is meant for the process that it names', () => {
    expect(findInheritedSocket({ LISTEN_FDS: '1', LISTEN_PID: '7' }, 8)).toBeUndefined();
    expect(findInheritedSocket({ LISTEN_FDS: '0', LISTEN_PID: '7' }, 7)).toBeUndefined();
    expect(findInheritedSocket({}, 7)).toBeUndefined();
  });

  it('must be the only one', () => {
    expect(() => findInheritedSocket({ LISTEN_FDS: '2', LISTEN_PID: '7' }, 7)).toThrow(
      'systemd passed 2 sockets',
    );
  });
});
