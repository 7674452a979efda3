import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needGoPrograms, type Run } from '@purser/external-programs';
import { purser, Sandbox } from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCrane } from './artifact-tools.ts';
import { writeSampleFiles } from './sample-artifacts.ts';
import { readStorageTree } from './storage-tree.ts';

/** Building crane, where it is not there. */
const BUILD_LIMIT_MS = 900_000;

const programs = needGoPrograms('crane');

describe.skipIf(programs.isUnmet)(`images of crane${programs.note}`, () => {
  let sandbox: Sandbox;
  let crane: Run;
  let host: string;

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-crane-' });
    crane = await createCrane(sandbox.folder);
    await writeSampleFiles(sandbox.folder);
    const registry = await sandbox.start(purser(), { root: 'root' });
    host = `127.0.0.1:${registry.port}`;
  }, BUILD_LIMIT_MS);

  afterAll(() => sandbox[Symbol.asyncDispose]());

  const folder = (name: string) => join(sandbox.folder, name);
  const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

  /** Pushes an image of one layer, made from nothing. @returns Its digest. */
  async function append(image: string): Promise<string> {
    await crane('append', '--oci-empty-base', '--new_layer=layer.tar', `--new_tag=${image}`);
    return crane('digest', image);
  }

  it('are appended to, changed, tagged and listed', async () => {
    const repository = `${host}/crane/changed`;
    const first = await append(`${repository}:1.0`);
    await crane(
      'append',
      `--base=${repository}:1.0`,
      '--new_layer=second.tar',
      `--new_tag=${repository}:2.0`,
    );
    await crane('mutate', '--label=a=b', `--tag=${repository}:3.0`, `${repository}:2.0`);
    await crane('tag', `${repository}:3.0`, 'latest');

    expect(linesOf(await crane('ls', repository))).toEqual(['1.0', '2.0', '3.0', 'latest']);
    expect(linesOf(await crane('catalog', host))).toContain('crane/changed');
    const layersOf = async (tag: string) =>
      (JSON.parse(await crane('manifest', `${repository}:${tag}`)) as { layers: object[] }).layers;
    expect(await layersOf('1.0')).toHaveLength(1);
    expect(await layersOf('2.0')).toHaveLength(2);
    expect(await layersOf('3.0')).toEqual(await layersOf('2.0'));
    expect((await layersOf('2.0'))[0]).toEqual((await layersOf('1.0'))[0]);
    expect(JSON.parse(await crane('config', `${repository}:3.0`))).toMatchObject({
      config: { Labels: { a: 'b' } },
    });
    const third = await crane('digest', `${repository}:3.0`);
    expect(await crane('digest', `${repository}:latest`)).toBe(third);
    expect(third).not.toBe(first);
    for (const tag of ['1.0', '2.0', '3.0']) {
      const report = await crane('validate', '--remote', `${repository}:${tag}`);
      expect(report).toContain('PASS');
    }
  });

  it('are pulled as an image layout and pushed again byte for byte', async () => {
    const [image, again] = [`${host}/crane/layout:1.0`, `${host}/crane/layout-again:1.0`];
    const digest = await append(image);
    await crane('pull', '--format=oci', image, 'layout');
    await crane('push', 'layout', again);
    await crane('pull', '--format=oci', again, 'layout-again');

    expect(await crane('digest', again)).toBe(digest);
    const content = await readStorageTree(folder('layout'));
    expect(await readStorageTree(folder('layout-again'))).toEqual(content);
    const blobs = Object.entries(content).filter(([path]) => path.startsWith('blobs/'));
    expect(blobs.map(([path]) => path)).toEqual(
      blobs.map(([, sha256]) => `blobs/sha256/${sha256}`),
    );
    expect(blobs).toHaveLength(3);
  });

  it('are pulled as an archive and pushed again, with the same content', async () => {
    const [image, again] = [`${host}/crane/archive:1.0`, `${host}/crane/archive-again:1.0`];
    await append(image);
    await crane('pull', image, 'archive.tar');
    await crane('push', 'archive.tar', again);
    expect(await crane('validate', '--remote', again)).toContain('PASS');
    expect(await crane('config', again)).toBe(await crane('config', image));
    await crane('export', image, 'files.tar');
    await crane('export', again, 'files-again.tar');
    const files = await readFile(folder('files.tar'));
    expect(files.byteLength).toBeGreaterThan(300_000);
    expect(files.equals(await readFile(folder('files-again.tar')))).toBe(true);
  });

  it('are copied, one tag or all of them', async () => {
    const repository = `${host}/crane/several`;
    const digest = await append(`${repository}:1.0`);
    await crane('mutate', '--label=a=b', `--tag=${repository}:2.0`, `${repository}:1.0`);
    await crane('copy', `${repository}:1.0`, `${host}/crane/one:copy`);
    await crane('copy', '--all-tags', repository, `${host}/crane/all`);

    expect(await crane('digest', `${host}/crane/one:copy`)).toBe(digest);
    expect(linesOf(await crane('ls', `${host}/crane/all`))).toEqual(['1.0', '2.0']);
    expect(await crane('manifest', `${host}/crane/all:2.0`)).toBe(
      await crane('manifest', `${repository}:2.0`),
    );
  });

  it('are put into an index of several platforms, and copied with it', async () => {
    const [from, to] = [`${host}/crane/platforms`, `${host}/crane/platforms-copied`];
    const architectures = ['amd64', 'arm64'];
    await append(`${from}:base`);
    for (const architecture of architectures) {
      const platform = `--set-platform=linux/${architecture}`;
      await crane('mutate', platform, `--tag=${from}:${architecture}`, `${from}:base`);
    }
    const members = architectures.map((architecture) => `--manifest=${from}:${architecture}`);
    await crane('index', 'append', ...members, `--tag=${from}:1.0`);
    await crane('copy', `${from}:1.0`, `${to}:1.0`);

    expect(await crane('manifest', `${to}:1.0`)).toBe(await crane('manifest', `${from}:1.0`));
    expect(await crane('validate', '--remote', `${to}:1.0`)).toContain('PASS');
    for (const architecture of architectures) {
      const copied = await crane('digest', `--platform=linux/${architecture}`, `${to}:1.0`);
      expect(copied).toBe(await crane('digest', `${from}:${architecture}`));
    }
  });

  it('are deleted by tag, and by digest together with their tags', async () => {
    const repository = `${host}/crane/deleted`;
    const digest = await append(`${repository}:1.0`);
    await crane('tag', `${repository}:1.0`, 'latest');
    await crane('delete', `${repository}:1.0`);
    await expect(crane('manifest', `${repository}:1.0`)).rejects.toThrow('MANIFEST_UNKNOWN');
    expect(await crane('digest', `${repository}:latest`)).toBe(digest);

    await crane('delete', `${repository}@${digest}`);
    await expect(crane('manifest', `${repository}@${digest}`)).rejects.toThrow('MANIFEST_UNKNOWN');
    expect(linesOf(await crane('ls', repository))).toEqual([]);
  });
});
