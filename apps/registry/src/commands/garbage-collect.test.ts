import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, parseRepositoryName } from '@purser/core';
import { createRegistry } from '@purser/storage';
import { FilesystemDriver } from '@purser/storage-driver-fs';
import { describe, expect, it } from 'vitest';
import { createStoredDecoder } from '../create/manifests/manifests.ts';
import { createFakeTerminal } from '../fixtures/fake-terminal.ts';
import { runCommand } from '../fixtures/run-command.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';

const stray = Buffer.from('nothing refers to this');
const digest = digestOf(stray);

const run = (...words: string[]) => runCommand(['garbage-collect', ...words]);

async function createStore(directory: string) {
  const driver = new FilesystemDriver({ rootDirectory: directory });
  const registry = createRegistry({ driver, decoder: createStoredDecoder() });
  await registry.repository(parseRepositoryName('some/app')).blobs.put(stray);
  const file = join(directory, 'config.yml');
  const root = `filesystem: { rootdirectory: ${directory} }`;
  await writeFile(file, `version: 0.1\nstorage: { ${root} }\n`);
  const encoded = digest.slice('sha256:'.length);
  const blobs = join(directory, 'docker/registry/v2/blobs/sha256', encoded.slice(0, 2));
  return { driver, file, blob: join(blobs, encoded) };
}

describe('purser garbage-collect', () => {
  it('says what it would delete in a dry run, in the words of distribution', async () => {
    await using directory = await createTemporaryDirectory();
    const { file, blob } = await createStore(directory.path);
    const { status, output, errors } = await run('--dry-run', file);
    expect([status, errors]).toEqual([0, '']);
    expect(output.split('\n')).toEqual([
      'Looking for what nothing needs, repository by repository.',
      'some',
      'some/app',
      `some/app: layer link eligible for deletion: ${digest}`,
      `blob eligible for deletion: ${digest}`,
      '',
      '0 blobs marked; 1 blobs (22 bytes), 0 manifests and 1 links eligible for deletion.',
      '',
    ]);
    await access(blob);
  });

  it.each([
    ['shows how far it is on a terminal, beside what is garbage', [], /looking for garbage/],
    ['shows nothing on a terminal with --quiet', ['--quiet'], /^$/],
    ['shows nothing on a terminal with --json', ['--json'], /^$/],
  ])('%s', async (_, flags, drawn) => {
    await using directory = await createTemporaryDirectory();
    const { file } = await createStore(directory.path);
    const terminal = createFakeTerminal();
    const words = ['garbage-collect', '--dry-run', ...flags, file];
    const { status, output } = await runCommand(words, { terminal });
    expect(status).toBe(0);
    expect(terminal.drawn).toMatch(drawn);
    expect(output).not.toContain('Looking for what nothing needs');
    expect(output.includes(`blob eligible for deletion: ${digest}`)).toBe(flags.length === 0);
  });

  it('takes what distribution left of deleted manifests, so that the repository leaves the catalog', async () => {
    await using directory = await createTemporaryDirectory();
    const { driver, file } = await createStore(directory.path);
    const repository = join(directory.path, 'docker/registry/v2/repositories/some/app');
    const revision = join(repository, '_manifests/revisions/sha256', 'a'.repeat(64));
    await mkdir(revision, { recursive: true });
    await mkdir(join(repository, '_manifests/tags'));
    const registry = createRegistry({ driver, decoder: createStoredDecoder() });
    const names = async () => {
      const found: string[] = [];
      for await (const name of registry.repositories()) found.push(name);
      return found;
    };
    expect(await names()).toEqual(['some/app']);
    expect((await run('--dry-run', file)).status).toBe(0);
    expect(await names()).toEqual(['some/app']);
    expect((await run('--quiet', '--grace', '2s', file)).status).toBe(0);
    expect(await names()).toEqual([]);
    await expect(access(join(directory.path, 'docker/registry/v2/repositories'))).rejects.toThrow(
      /ENOENT/,
    );
  }, 30_000);

  it('deletes it at once when nothing else uses the storage', async () => {
    await using directory = await createTemporaryDirectory();
    const { file, blob } = await createStore(directory.path);
    const { status, output } = await run('--offline', '--json', file);
    expect(status).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ deleted: { blobs: 1 }, spared: 0 });
    expect((JSON.parse(output) as { durationMs: number }).durationMs).toBeLessThan(2000);
    await expect(access(blob)).rejects.toThrow(/ENOENT/);
  });

  it('deletes it, and the directory that it was in', async () => {
    await using directory = await createTemporaryDirectory();
    const { file, blob } = await createStore(directory.path);
    const { status, output, errors } = await run('--grace', '2s', file);
    expect([status, errors]).toEqual([0, '']);
    expect(output.split('\n')[0]).toMatch(/^Deleting after a grace period of 2s/);
    expect(output).toContain('1 blobs (22 bytes), 0 manifests and 1 links deleted.');
    await expect(access(blob)).rejects.toMatchObject({ code: 'ENOENT' });
    const { output: again } = await run(file);
    expect(again).toContain('0 blobs (0 bytes), 0 manifests and 0 links deleted.');
  }, 30_000);

  it('prints nothing, or one document, when asked to', async () => {
    await using directory = await createTemporaryDirectory();
    const { file } = await createStore(directory.path);
    expect(await run('-d', '-m', '-q', file)).toEqual({ status: 0, output: '', errors: '' });
    const { output } = await run('-d', '--json', file);
    expect(JSON.parse(output)).toMatchObject({ repositories: 2, deleted: { blobs: 1, bytes: 22 } });
  });

  it('says where everything is kept because something cannot be read', async () => {
    await using directory = await createTemporaryDirectory();
    const { file } = await createStore(directory.path);
    const revision = 'docker/registry/v2/repositories/some/app/_manifests/revisions/sha256';
    const path = join(directory.path, revision, digest.slice('sha256:'.length));
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'link'), digest);
    const { status, output, errors } = await run('-d', '-m', file);
    expect(status).toBe(0);
    expect(errors).toMatch(/^some\/app: everything is kept, since .*\/link cannot be read\n$/);
    expect(output).toContain('0 blobs (0 bytes)');
  });

  it.each([
    ['of the configuration', 'gc: { grace: 3s }', '3s'],
    ['of an hour by default', '', '1h'],
  ])('waits for the grace period %s, and stops when it is asked to', async (_, section, grace) => {
    await using directory = await createTemporaryDirectory();
    const { file, blob } = await createStore(directory.path);
    const root = `filesystem: { rootdirectory: ${directory.path} }`;
    await writeFile(
      file,
      `version: 0.1\nstorage: { ${[root, section].filter(Boolean).join(', ')} }\n`,
    );
    const stop = Promise.withResolvers<string>();
    const running = runCommand(['garbage-collect', file], { nextSignal: () => stop.promise });
    setTimeout(() => stop.resolve('SIGINT'), 1500);
    const { status, output } = await running;
    expect(status).toBe(1);
    expect(output).toMatch(new RegExp(`^Deleting after a grace period of ${grace},`));
    await access(blob);
  });

  it('says that it deletes without a grace period, and refuses both flags at once', async () => {
    await using directory = await createTemporaryDirectory();
    const { file } = await createStore(directory.path);
    const { output } = await run('--offline', file);
    expect(output).toMatch(/^Deleting without a grace period: nothing else may use this storage/);
    const both = await run('--offline', '--grace', '2s', file);
    expect(both).toMatchObject({ status: 1, errors: expect.stringContaining('--offline') });
  });

  it.each([
    ['--dry-run=true', 'eligible for deletion.'],
    ['-d=1', 'eligible for deletion.'],
    ['--dry-run=false --offline', 'deleted.'],
    ['-d --delete-untagged=true', 'eligible for deletion.'],
    ['-d -m=false', 'eligible for deletion.'],
    ['-d --quiet=f', 'eligible for deletion.'],
  ])('accepts %s, as distribution does', async (flags, expected) => {
    await using directory = await createTemporaryDirectory();
    const { file } = await createStore(directory.path);
    const { status, output } = await run(...flags.split(' '), file);
    expect(status).toBe(0);
    expect(output).toContain(expected);
  });

  it('refuses a flag whose value is no boolean', async () => {
    const { status, errors } = await run('--dry-run=maybe');
    expect([status, errors]).toEqual([1, expect.stringContaining('--dry-run=maybe')]);
  });

  it('ends with status 1 while another process collects', async () => {
    await using directory = await createTemporaryDirectory();
    const { file } = await createStore(directory.path);
    const collect = () => run('-q', '--grace', '10s', file);
    const [first, second] = await Promise.all([collect(), collect()]);
    expect([first.status, second.status].toSorted((left, right) => left - right)).toEqual([0, 1]);
    expect(first.errors + second.errors).toBe(
      'another process collects garbage on this storage: try again when it is done\n',
    );
  }, 60_000);

  it('takes over from a collector that was killed', async () => {
    await using directory = await createTemporaryDirectory();
    const { file } = await createStore(directory.path);
    const leases = join(directory.path, 'purser/garbage/lease');
    await mkdir(leases, { recursive: true });
    const left = { holder: 'a', renewal: 'b', released: false };
    await writeFile(join(leases, '000000000001'), JSON.stringify(left));
    expect(await run('-q', '--grace', '2s', file)).toMatchObject({ status: 0, errors: '' });
  }, 60_000);

  it('refuses a grace in which no push can end', async () => {
    const { status, errors } = await run('--grace', '1s');
    expect([status, errors]).toEqual([1, expect.stringContaining('expected 2s or more')]);
  });
});
