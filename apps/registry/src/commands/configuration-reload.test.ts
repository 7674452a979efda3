import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PurserProcess } from '../fixtures/purser-process.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';

/** `wonderland`, of cost 4. */
const HASH = '$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum';
const authorization = `Basic ${Buffer.from('alice:wonderland').toString('base64')}`;

const WITHOUT_AUTH = 'version: 0.1\nstorage: inmemory\n';

interface Written {
  readonly level?: string;
  readonly allow?: string;
  readonly more?: string;
  readonly workers?: number;
}

/** A registry whose users, policy and log level can change. */
class Sandbox implements AsyncDisposable {
  readonly #folder: Awaited<ReturnType<typeof createTemporaryDirectory>>;
  readonly purser: PurserProcess;

  static async start(config: Written = {}): Promise<Sandbox> {
    const folder = await createTemporaryDirectory();
    await writeFile(join(folder.path, 'htpasswd'), `alice:${HASH}\n`);
    await mkdir(join(folder.path, 'data'));
    await writeConfig(folder.path, config);
    return new Sandbox(folder);
  }

  constructor(folder: Awaited<ReturnType<typeof createTemporaryDirectory>>) {
    this.#folder = folder;
    this.purser = new PurserProcess(['serve', 'config.yml'], { cwd: folder.path });
  }

  write(config: Written): Promise<void> {
    return writeConfig(this.#folder.path, config);
  }

  writeText(text: string): Promise<void> {
    return writeFile(join(this.#folder.path, 'config.yml'), text);
  }

  /** Sends the signal. @returns What the log says from then on, until it says a text. */
  reload(until: string | RegExp): Promise<string> {
    const start = this.purser.errors.length;
    this.purser.signal('SIGHUP');
    return this.purser.errorsAfter(start, until);
  }

  /** Kills each, one after the other, and waits for the one that takes its place. */
  async replaceWorkers(): Promise<void> {
    const serving = /worker \d serves.* pid=(\d+)/g;
    const workers = [...this.purser.errors.matchAll(serving)].slice(-2);
    for (const [, pid] of workers) {
      const start = this.purser.errors.length;
      process.kill(Number(pid), 'SIGKILL');
      await this.purser.errorsAfter(start, /worker \d serves/);
    }
  }

  async statusOf(path: string): Promise<number> {
    const [, url] = await this.purser.until(/listening on (http:\/\/[\d.:]+)/);
    return (await fetch(`${url}${path}`, { headers: { authorization } })).status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.purser[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

function writeConfig(
  folder: string,
  { level = 'info', allow = 'pull', more = '', workers = 1 }: Written,
) {
  return writeFile(
    join(folder, 'config.yml'),
    `version: 0.1
log: { level: ${level}, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${folder}/data } }
http: { addr: '127.0.0.1:0', workers: ${workers} }
auth:
  htpasswd:
    realm: r
    path: ${folder}/htpasswd
    policy: [{ repositories: ['**'], users: ['*'], allow: [${allow}] }]
${more}
`,
  );
}

// A process takes a while to start on a machine that has much else to do.
describe('SIGHUP', { timeout: 60_000 }, () => {
  it('has a running server take the policy and the log level that the file says now', async () => {
    await using sandbox = await Sandbox.start();
    expect(await sandbox.statusOf('/v2/a/tags/list')).toBe(404);
    await sandbox.write({ allow: '', level: 'debug' });
    const lines = await sandbox.reload('configuration reloaded');
    expect(lines).toContain(
      'configuration reloaded, with the files that it names; changed: log.level, auth.htpasswd.policy',
    );
    expect(await sandbox.statusOf('/v2/a/tags/list')).toBe(403);
    expect(await sandbox.reload('configuration reloaded')).toContain('no key changed');
  });

  it('reaches every process of those that serve together', async () => {
    await using sandbox = await Sandbox.start({ workers: 2 });
    expect(await sandbox.statusOf('/v2/a/tags/list')).toBe(404);
    await sandbox.write({ workers: 2, allow: '' });
    const lines = await sandbox.reload('configuration reloaded');
    expect(lines).toContain('changed: auth.htpasswd.policy');
    for (const _ of [1, 2, 3, 4]) expect(await sandbox.statusOf('/v2/a/tags/list')).toBe(403);
  });

  it('is what a process that is replaced goes on with, whatever the file says by then', async () => {
    await using sandbox = await Sandbox.start({ workers: 2 });
    await sandbox.statusOf('/v2/');
    await sandbox.write({ workers: 2, allow: '' });
    await sandbox.reload('configuration reloaded');
    await sandbox.writeText('half a fi');
    await sandbox.replaceWorkers();
    for (const _ of [1, 2, 3, 4]) expect(await sandbox.statusOf('/v2/a/tags/list')).toBe(403);
  });

  it('is told once, and taken by none, when a process of several cannot use it', async () => {
    await using sandbox = await Sandbox.start({ workers: 2 });
    await sandbox.statusOf('/v2/');
    await sandbox.writeText(WITHOUT_AUTH);
    const lines = await sandbox.reload('goes on counting');
    expect(lines.match(/to let everyone in takes a restart/g)).toHaveLength(1);
    await sandbox.replaceWorkers();
    for (const _ of [1, 2, 3, 4]) expect(await sandbox.statusOf('/v2/a/tags/list')).toBe(404);
  });

  it('tells by its key what changed and needs a restart, each time', async () => {
    await using sandbox = await Sandbox.start();
    await sandbox.statusOf('/v2/');
    await sandbox.write({ more: 'catalog: { maxentries: 5 }' });
    for (const _ of [1, 2]) {
      const lines = await sandbox.reload('restart');
      expect(lines).toContain(
        'level=warning msg="catalog.maxentries: changed, and needs a restart"',
      );
    }
  });

  it('keeps what counted before when the file is broken, and says what is wrong with it', async () => {
    await using sandbox = await Sandbox.start();
    await sandbox.statusOf('/v2/');
    await sandbox.writeText('version: 0.1\nstorage: inmemory\nhttp: { net: udp, adr: x }\n');
    const lines = await sandbox.reload('goes on counting');
    expect(lines).toContain(
      'level=error msg="config.yml:3:14: http.net: expected tcp or unix, found udp"',
    );
    expect(lines).toContain('did you mean http.addr?');
    expect(await sandbox.statusOf('/v2/a/tags/list')).toBe(404);
  });

  it('does not let everyone in when the file has lost its end', async () => {
    await using sandbox = await Sandbox.start();
    await sandbox.statusOf('/v2/');
    await sandbox.writeText(WITHOUT_AUTH);
    const lines = await sandbox.reload('goes on counting');
    expect(lines).toContain('level=error msg="auth: to let everyone in takes a restart"');
  });
});
