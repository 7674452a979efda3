import { spawn } from 'node:child_process';
import { access, chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { needPrograms } from '@purser/external-programs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Environment } from '../config/environment.ts';
import { PurserProcess } from '../fixtures/purser-process.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { createSilentLogger, type Logger } from '../observe/logger.ts';
import { ServiceManager } from './service-manager.ts';

/** A program of that name that writes down what it is told, and who is to be told. */
async function fakeNotify() {
  const directory = await createTemporaryDirectory();
  const told = join(directory.path, 'told');
  const program = join(directory.path, 'systemd-notify');
  await writeFile(told, '');
  await writeFile(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> '${told}'\n`);
  await chmod(program, 0o755);
  return {
    path: `${directory.path}:${process.env['PATH']}`,
    messages: async () => (await readFile(told, 'utf8')).split('\n').slice(0, -1),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function managerIn(environment: Environment, warnings: string[] = []) {
  const logger: Logger = {
    ...createSilentLogger(),
    warn: (message) => void warnings.push(message),
  };
  return new ServiceManager({ environment, pid: 7, logger });
}

describe('systemd', () => {
  it('is told what happens, in its order', async () => {
    await using notify = await fakeNotify();
    await using manager = managerIn({ NOTIFY_SOCKET: '/run/s', PATH: notify.path });
    manager.ready();
    let reloads = 0;
    for await (const _ of manager.tellingOfReloads(['SIGHUP'])) reloads++;
    const process = manager.tellingOfTheEnd({
      writeOutput: () => {},
      writeError: () => {},
      nextSignal: async () => 'SIGTERM',
    });
    expect([reloads, await process.nextSignal()]).toEqual([1, 'SIGTERM']);
    await manager.settled();
    expect(await notify.messages()).toEqual([
      '/run/s READY=1',
      expect.stringMatching(/^\/run\/s RELOADING=1 MONOTONIC_USEC=\d+$/),
      '/run/s READY=1',
      '/run/s STOPPING=1',
    ]);
  });

  it('is told that the process lives, twice as often as it asks for', async () => {
    await using notify = await fakeNotify();
    await using _manager = managerIn({
      NOTIFY_SOCKET: '/run/s',
      PATH: notify.path,
      WATCHDOG_USEC: '100000',
      WATCHDOG_PID: '7',
    });
    await vi.waitFor(async () => {
      expect((await notify.messages()).slice(0, 2)).toEqual([
        '/run/s WATCHDOG=1',
        '/run/s WATCHDOG=1',
      ]);
    });
  });

  it('is not told what it did not ask for', async () => {
    await using notify = await fakeNotify();
    await using manager = managerIn({ PATH: notify.path });
    await using _other = managerIn({ PATH: notify.path, WATCHDOG_USEC: '1000', WATCHDOG_PID: '8' });
    manager.ready();
    await manager.settled();
    expect(await notify.messages()).toEqual([]);
  });

  it('that cannot be told is a warning, once', async () => {
    const warnings: string[] = [];
    await using manager = managerIn({ NOTIFY_SOCKET: '/run/s', PATH: '/nowhere' }, warnings);
    manager.ready();
    manager.ready();
    await manager.settled();
    expect(warnings).toEqual([expect.stringContaining('install systemd-notify')]);
  });
});

const systemd = needPrograms('systemd-notify', 'python3');

/** What the socket of a service manager gets. Node.js has no datagrams over Unix sockets. */
const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
while True:
    print(listener.recv(4096).decode().split()[0], flush=True)
`;

describe.skipIf(systemd.isUnmet)(`a server under systemd${systemd.note}`, () => {
  it('tells that it serves, lives, reads its configuration again, and stops', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'notify');
    const listener = spawn('python3', ['-c', LISTENER, path]);
    onTestFinished(() => void listener.kill());
    const all: string[] = [];
    const told: string[] = [];
    listener.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.trim().split('\n');
      all.push(...lines);
      told.push(...lines.filter((line) => /^(?:READY|RELOADING|STOPPING)/.test(line)));
    });
    await vi.waitFor(() => access(path), { timeout: 20_000 });
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: {
        NOTIFY_SOCKET: path,
        WATCHDOG_USEC: '400000',
        REGISTRY_STORAGE: 'inmemory',
        REGISTRY_HTTP_ADDR: '127.0.0.1:0',
        REGISTRY_LOG_LEVEL: 'info',
      },
    });
    await vi.waitFor(() => expect(told).toEqual(['READY=1']), { timeout: 20_000 });
    const since = all.length;
    await vi.waitFor(() => expect(all.slice(since)).toContain('WATCHDOG=1'), { timeout: 20_000 });
    purser.signal('SIGHUP');
    const reloaded = ['READY=1', 'RELOADING=1', 'READY=1'];
    await vi.waitFor(() => expect(told).toEqual(reloaded), { timeout: 20_000 });
    purser.signal('SIGTERM');
    expect(await purser.exitStatus).toBe(0);
    await vi.waitFor(() => expect(told).toEqual([...reloaded, 'STOPPING=1']), {
      timeout: 20_000,
    });
  }, 60_000);
});
