import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  isDigest,
  parseRepositoryName,
  parseTag,
  type Digest,
  type Repository,
} from '@purser/core';
import { openOciLayout } from '@purser/oci-layout';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../fixtures/run-command.ts';
import { decoder, pushSampleImage, type PushedImage } from '../fixtures/sample-images.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { startRegistry, type RunningRegistry } from '../start-registry.ts';

let registry: RunningRegistry;
let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let host: string;
let image: PushedImage;
const file = (name: string) => join(directory.path, name);
const repositoryOf = (name: string): Repository =>
  registry.registry.repository(parseRepositoryName(name));

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  registry = await startRegistry();
  host = new URL(registry.url).host;
  image = await pushSampleImage(repositoryOf('team/app'));
});

afterEach(async () => {
  await registry.close();
  await directory[Symbol.asyncDispose]();
});

async function holds(repository: Repository, digests: readonly Digest[]): Promise<boolean> {
  const found = await Promise.all(digests.map((digest) => repository.manifests.exists(digest)));
  return found.every(Boolean);
}

// Each of several steps starts and ends clients; the machine may do other things as well.
describe('purser copy', { timeout: 60_000 }, () => {
  it('copies every platform within a registry, by mounting', async () => {
    const { status, output, errors } = await runCommand([
      'copy',
      `${host}/team/app:1.0`,
      `${host}/mirror/app:1.0`,
    ]);
    expect(errors).toMatch(
      /^Copying .*\/team\/app:1.0 to .*\/mirror\/app:1.0\n5 blobs and 3 manifests to copy, /,
    );
    expect([status, output]).toEqual([
      0,
      `Copied ${host}/team/app:1.0 to ${host}/mirror/app:1.0: ${image.index.digest} (${output.split('(')[1]}`,
    ]);
    expect(output).toMatch(/ mounted\)\n$/);
    const target = repositoryOf('mirror/app');
    const digests = [image.index, ...image.members].map(({ digest }) => digest);
    expect(await holds(target, digests)).toBe(true);
    expect(await holds(target, [image.signature.digest])).toBe(false);
  });

  it('goes through a layout and an archive and back, with all that refers to it', async () => {
    const steps = [
      `${host}/team/app:1.0`,
      `oci:${file('layout')}:1.0`,
      `oci-archive:${file('image.tar')}:registry.example/app:1.0`,
      `${host}/back/app:2.0`,
    ];
    for (const [at, target] of steps.slice(1).entries()) {
      const words = ['copy', '--referrers', '--quiet', steps[at]!, target];
      expect(await runCommand(words)).toMatchObject({ status: 0, errors: '' });
    }
    expect((await readdir(directory.path)).toSorted()).toEqual(['image.tar', 'layout']);
    const back = repositoryOf('back/app');
    const all = [image.index, ...image.members, image.signature, image.sbom];
    expect(
      await holds(
        back,
        all.map(({ digest }) => digest),
      ),
    ).toBe(true);
    expect(await back.tags.get(parseTag('2.0'))).toBe(image.index.digest);
    await using layout = await openOciLayout(file('layout'), { decoder });
    for await (const { digest } of layout.referrers.list(image.members[1]!.digest)) {
      expect(digest).toBe(image.sbom.digest);
    }
  });

  it('copies one platform', async () => {
    const target = `oci:${file('one')}`;
    const platform = ['--platform', 'linux/arm64'];
    const { output } = await runCommand([
      'cp',
      ...platform,
      `${host}/team/app:1.0`,
      target,
      '--json',
    ]);
    expect(JSON.parse(output)).toEqual({
      source: `${host}/team/app:1.0`,
      target,
      digest: image.members[1]!.digest,
      tags: [],
      totalBytes: expect.any(Number) as number,
      copied: { items: 4, bytes: expect.any(Number) as number },
      mounted: { items: 0, bytes: 0 },
    });
    const missing = await runCommand([
      'copy',
      '-q',
      '--platform=linux/s390x',
      `${host}/team/app:1.0`,
      target,
    ]);
    expect(missing).toEqual({
      status: 1,
      output: '',
      errors: 'purser: no image for linux/s390x: there is linux/amd64, linux/arm64/v8\n',
    });
  });

  it('says what it would do, and does nothing', async () => {
    const words = ['copy', '--dry-run', `${host}/team/app:1.0`, `oci:${file('nowhere')}:1.0`];
    const { status, output } = await runCommand(words);
    expect(status).toBe(0);
    expect(output.split('\n').filter((line) => line.startsWith('copy '))).toHaveLength(8);
    expect(output).toContain('nothing was changed: 5 blobs and 3 manifests to copy, ');
    expect(await readdir(directory.path)).toEqual([]);
    const plan = JSON.parse((await runCommand([...words, '--json'])).output) as {
      readonly items: readonly { readonly digest: string; readonly action: string }[];
    };
    expect(plan).toMatchObject({ dryRun: true, digest: image.index.digest, tags: ['1.0'] });
    expect(plan.items.every(({ digest, action }) => isDigest(digest) && action === 'copy')).toBe(
      true,
    );
  });

  it('sends nothing again that is there', async () => {
    const words = ['copy', `${host}/team/app:1.0`, `oci:${file('layout')}:1.0`];
    await runCommand(words);
    const { output } = await runCommand(words);
    expect(output).toContain('(0 B sent, 8 of 8 items there already)');
  });

  it('leaves a terminal as it was, and writes no lines to it', async () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    const drawn: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => drawn.push(chunk));
    const terminal = { stream, ask: async () => '', askSecret: async () => '' };
    const words = ['copy', `${host}/team/app:1.0`, `oci:${file('layout')}:1.0`];
    const { status, errors } = await runCommand(words, { terminal });
    expect([status, errors]).toEqual([0, `Copying ${words[1]} to ${words[2]}\n`]);
    // The cursor is back.
    expect(Buffer.concat(drawn).toString()).toContain('\u001B[?25h');
  });

  it('stops when asked to, and leaves no archive', async () => {
    const { status, errors } = await runCommand(
      ['copy', `${host}/team/app:1.0`, `oci-archive:${file('image.tar')}`],
      { nextSignal: async () => 'SIGINT' },
    );
    expect([status, errors.split('\n').at(-2)]).toEqual([130, 'purser: stopped by SIGINT']);
    expect(await readdir(directory.path)).toEqual([]);
  });

  it.each([
    [
      'no such tag',
      ['copy', 'HOST/team/app:none', 'oci:DIR/x'],
      /^purser: there is no tag none in team\/app\n$/,
    ],
    [
      'no such layout',
      ['copy', 'oci:DIR/none:1', 'HOST/x:1'],
      /^purser: there is no OCI layout at .*none/,
    ],
    [
      'no such archive',
      ['copy', 'oci-archive:DIR/none.tar', 'HOST/x:1'],
      /^purser: there is no OCI layout at/,
    ],
    [
      'no directory for an archive',
      ['copy', 'HOST/team/app:1.0', 'oci-archive:DIR/none/image.tar'],
      /^purser: ENOENT: no such file or directory/,
    ],
    [
      'another digest',
      ['copy', 'HOST/team/app:1.0', `HOST/x@sha256:${'0'.repeat(64)}`],
      /cannot name what is copied/,
    ],
    [
      'a malformed platform',
      ['copy', '-p', 'arm', 'HOST/team/app:1.0', 'oci:DIR/x'],
      /^purser: malformed platform arm/,
    ],
    ['a malformed name', ['copy', 'HOST/Team/app:1.0', 'oci:DIR/x'], /^purser: invalid reference/],
    [
      'secrets without a name',
      ['copy', '--src-creds', 'secret', 'HOST/team/app:1.0', 'oci:DIR/x'],
      /^purser: credentials must be written as user:password\n$/,
    ],
    [
      'too many at once',
      ['copy', '--concurrency', '900', 'a', 'b'],
      /expected a whole number from 1 to 64/,
    ],
    [
      'no authorities',
      ['copy', '--ca', 'DIR/none.pem', 'a', 'b'],
      /^purser: --ca .*none.pem cannot be read/,
    ],
  ])('tells in one line: %s', async (_, words, message) => {
    const filled = words.map((word) => word.replace('HOST', host).replace('DIR', directory.path));
    const { status, output, errors } = await runCommand([filled[0]!, '-q', ...filled.slice(1)]);
    expect([status, output]).toEqual([1, '']);
    expect(errors).toMatch(message);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
  });

  it('asks which image of a layout is meant, unless there is one', async () => {
    const layout = `oci:${file('layout')}`;
    for (const tag of ['1', '2']) {
      await runCommand(['copy', '-q', `${host}/team/app:1.0`, `${layout}:${tag}`]);
    }
    expect(await runCommand(['copy', '-q', layout, `${host}/only:1`])).toMatchObject({ status: 0 });
    const amd64 = ['-p', 'linux/amd64'];
    await runCommand(['copy', '-q', ...amd64, `${host}/team/app:1.0`, `${layout}:3`]);
    const { errors } = await runCommand(['copy', '-q', layout, `${host}/only:2`]);
    expect(errors).toContain('add a tag or digest');
    expect(errors).toContain('it has 1, 2, 3');
  });
});
