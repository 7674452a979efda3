import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import {
  mkdir,
  readFile,
  readdir,
  truncate,
  writeFile,
  type DisposableTempDir,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { digestOf, parseTag } from '@purser/core';
import { sampleBytes, sampleIndex } from '@purser/core/testing';
import { pack, type Header } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOciLayout } from '../directory/open-layout.ts';
import { bytesOf, collect, decoder, putImage } from '../fixtures/sample-layout.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { createOciArchive } from './create-archive.ts';
import { openOciArchive } from './open-archive.ts';

let directory: DisposableTempDir;
const file = (name: string) => join(directory.path, name);
const open = (name = 'image.tar') => openOciArchive(file(name), { decoder });

beforeEach(async () => {
  directory = await createTemporaryDirectory();
});
afterEach(() => directory[Symbol.asyncDispose]());

async function writeArchive(name = 'image.tar') {
  await using archive = await createOciArchive(file(name), { decoder });
  const members = [await putImage(archive, { seed: 1 }), await putImage(archive, { seed: 2 })];
  const digest = await archive.manifests.put(
    sampleIndex(
      members.map(({ descriptor: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
    ),
  );
  await archive.tags.tag(parseTag('1.0'), digest);
  await archive.finish();
  return { digest, members };
}

/** An archive of such entries. */
async function writeTar(
  entries: readonly (readonly [Partial<Header> & { name: string }, string?])[],
): Promise<void> {
  const archive = pack();
  for (const [header, content] of entries) archive.entry(header, content ?? '');
  archive.finalize();
  await pipeline(archive as unknown as NodeJS.ReadableStream, createWriteStream(file('image.tar')));
}

describe('an OCI layout in an archive', () => {
  it('is read as it was written', async () => {
    const { digest, members } = await writeArchive();
    expect(await readdir(directory.path)).toEqual(['image.tar']);
    await using layout = await open();
    expect(await layout.tags.get(parseTag('1.0'))).toBe(digest);
    for (const { manifest, descriptor } of members) {
      const found = await layout.manifests.get(descriptor.digest);
      expect(Buffer.from(found.payload)).toEqual(Buffer.from(manifest.payload));
    }
    const layer = digestOf(sampleBytes(1000));
    expect(await bytesOf(await layout.blobs.open(layer))).toEqual(Buffer.from(sampleBytes(1000)));
    const part = await layout.blobs.open(layer, { range: { start: 10, end: 19 } });
    expect(await bytesOf(part)).toEqual(Buffer.from(sampleBytes(1000)).subarray(10, 20));
    const outside = layout.blobs.open(layer, { range: { start: 10, end: 1000 } });
    await expect(outside).rejects.toMatchObject({ code: 'RANGE_UNSATISFIABLE' });
  });

  it('has the same bytes for the same content', async () => {
    await writeArchive('first.tar');
    await writeArchive('second.tar');
    const [first, second] = await Promise.all(
      ['first.tar', 'second.tar'].map(async (name) =>
        createHash('sha256')
          .update(await readFile(file(name)))
          .digest('hex'),
      ),
    );
    expect(first).toBe(second);
    expect(execFileSync('tar', ['-tf', file('first.tar')], { encoding: 'utf8' })).toMatch(
      /^oci-layout\nindex\.json\nblobs\/sha256\/[0-9a-f]{64}\n/,
    );
  });

  it.each(['gnu', 'pax', 'ustar'])('is read as tar writes it in format %s', async (format) => {
    await using layout = await openOciLayout(file('layout'), { decoder, create: true });
    const { descriptor } = await putImage(layout);
    // A name beyond the 100 bytes of a plain header comes before what is of interest.
    await mkdir(file(`layout/${'long/'.repeat(24)}`), { recursive: true });
    await writeFile(file(`layout/${'long/'.repeat(24)}name`), 'of no interest');
    const content = sampleBytes(700);
    // Names of 128 digits do not fit the plain header of ustar.
    const digest = digestOf(content, format === 'ustar' ? 'sha256' : 'sha512');
    const writer = await layout.blobs.create();
    await writer.append(Readable.from([content]));
    await writer.commit(digest);
    execFileSync('tar', [
      `--format=${format}`,
      '-C',
      file('layout'),
      '-cf',
      file('image.tar'),
      '.',
    ]);
    await using archive = await open();
    expect(await archive.manifests.exists(descriptor.digest)).toBe(true);
    const blob = await archive.blobs.open(digest);
    expect(await bytesOf(blob)).toEqual(Buffer.from(content));
  });

  it('is not changed', async () => {
    const { digest } = await writeArchive();
    await using layout = await open();
    const unsupported = { code: 'UNSUPPORTED' };
    await expect(layout.blobs.put(sampleBytes(1))).rejects.toMatchObject(unsupported);
    await expect(layout.blobs.create()).rejects.toMatchObject(unsupported);
    await expect(layout.manifests.put(sampleIndex([]))).rejects.toMatchObject(unsupported);
    await expect(layout.manifests.delete(digest)).rejects.toMatchObject(unsupported);
    await expect(layout.tags.tag(parseTag('2'), digest)).rejects.toMatchObject(unsupported);
    await expect(layout.tags.untag(parseTag('1.0'))).rejects.toMatchObject(unsupported);
  });

  it('takes of several files of one name the last, as unpacking does', async () => {
    await writeTar([
      [{ name: 'oci-layout' }, '{"imageLayoutVersion":"9"}'],
      [{ name: './oci-layout' }, '{"imageLayoutVersion":"1.0.0"}'],
    ]);
    await using layout = await open();
    expect(await collect(layout.tags.list())).toEqual([]);
  });

  it('looks at no links, and at no names outside the layout', async () => {
    const { digest } = await writeArchive('real.tar');
    const blob = `blobs/sha256/${digest.slice(7)}`;
    await writeTar([
      [{ name: 'oci-layout' }, '{"imageLayoutVersion":"1.0.0"}'],
      [{ name: blob, type: 'symlink', linkname: '/etc/passwd' }],
      [{ name: `../${blob}` }, 'outside'],
      [{ name: `blobs/sha256/../sha256/${digest.slice(7)}` }, 'outside'],
    ]);
    await using layout = await open();
    expect(await layout.blobs.stat(digest)).toBeUndefined();
  });
});

describe('an archive that cannot be read', () => {
  const refused = (message: RegExp) => ({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(message) as string,
  });

  it('is told to be missing, or to hold no layout', async () => {
    await expect(open('nowhere.tar')).rejects.toMatchObject({ code: 'NAME_UNKNOWN' });
    await writeTar([[{ name: 'readme' }, 'no layout']]);
    await expect(open()).rejects.toMatchObject({ code: 'NAME_UNKNOWN' });
  });

  it('is told to be compressed', async () => {
    await writeArchive();
    await writeFile(file('image.tar'), gzipSync(await readFile(file('image.tar'))));
    await expect(open()).rejects.toMatchObject(refused(/compressed with gzip: unpack that first$/));
  });

  it('is told to be no archive', async () => {
    await writeFile(file('image.tar'), Buffer.alloc(4096, 'x'));
    await expect(open()).rejects.toMatchObject(refused(/is no tar archive that can be read/));
  });

  it('is told to be cut short, wherever it is cut', async () => {
    await writeArchive();
    const { byteLength } = await readFile(file('image.tar'));
    for (const length of [0, 300, 520, 700, 1024, 1200, 1600, byteLength - 1024]) {
      await truncate(file('image.tar'), length);
      await expect(open()).rejects.toMatchObject(
        refused(/it is cut short$|Unexpected end of data$/),
      );
      await writeArchive();
    }
  });
});

describe('writing an archive', () => {
  it('leaves nothing when it is not finished, and the old one when it is stopped', async () => {
    await writeFile(file('image.tar'), 'the old one');
    const reason = new Error('stop');
    {
      await using archive = await createOciArchive(file('image.tar'), { decoder });
      await putImage(archive);
      const stopped = archive.finish({ signal: AbortSignal.abort(reason) });
      await expect(stopped).rejects.toBe(reason);
    }
    expect(await readdir(directory.path)).toEqual(['image.tar']);
    expect(await readFile(file('image.tar'), 'utf8')).toBe('the old one');
  });

  it('writes a layout of nothing', async () => {
    {
      await using archive = await createOciArchive(file('image.tar'), { decoder });
      await archive.finish();
    }
    await using layout = await open();
    expect(await collect(layout.tags.list())).toEqual([]);
  });
});
