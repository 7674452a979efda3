import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { remount, whyNoMount } from '@purser/external-programs';
import { describe, expect, it } from 'vitest';
import { entriesOf } from '@purser/storage-driver';
import { FilesystemDriver } from './driver.ts';
import { mountRoot } from './fixtures/mounted-root.ts';
import { openHandlesBelow, whyNoHandles } from './fixtures/open-handles.ts';
import { createTemporaryDriver, createTemporaryRoot } from './fixtures/temporary-root.ts';

const content = Buffer.from('content');
const noMount = await whyNoMount();
const because = (reason: string | undefined) =>
  reason === undefined ? '' : ` (skipped: ${reason})`;

describe('a name that is too long for the file system', () => {
  const path = `/a/${'n'.repeat(256)}`;

  it('is PATH_TOO_LONG in every call', async () => {
    const { driver } = await createTemporaryDriver();
    await driver.putContent('/a/file', content);
    for (const call of [
      () => driver.getContent(path),
      () => driver.putContent(path, content),
      () => driver.openReader(path),
      () => driver.openWriter(path),
      () => driver.stat(path),
      () => driver.delete(path),
      () => driver.move('/a/file', path),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'PATH_TOO_LONG',
        driver: 'filesystem',
        cause: { code: 'ENAMETOOLONG' },
      });
    }
  });

  it('does not begin before 255 characters', async () => {
    const { driver } = await createTemporaryDriver();
    const longest = `/a/${'n'.repeat(255)}`;
    await driver.putContent(longest, content);
    await using writer = await driver.openWriter(longest);
    await writer.commit();
    await driver.move(longest, `/a/${'m'.repeat(255)}`);
    expect(await driver.getContent(`/a/${'m'.repeat(255)}`)).toHaveLength(0);
  });
});

describe('a symbolic link that points to itself', () => {
  it('is FAILED with its cause, and is not listed', async () => {
    const { driver, root } = await createTemporaryDriver();
    await symlink('loop', join(root, 'loop'));
    await expect(driver.getContent('/loop')).rejects.toMatchObject({
      code: 'FAILED',
      operation: 'getContent',
      path: '/loop',
      cause: { code: 'ELOOP' },
    });
    expect(await entriesOf(driver.list('/'))[Symbol.asyncIterator]().next()).toMatchObject({
      done: true,
    });
  });
});

describe('a full disk', () => {
  const skip = noMount !== undefined;

  it.skipIf(skip)(
    `is NO_SPACE; the old file stays and nothing else${because(noMount)}`,
    async () => {
      const root = await mountRoot('size=256k');
      const driver = new FilesystemDriver({ rootDirectory: root });
      await driver.putContent('/a/file', content);
      await expect(driver.putContent('/a/file', Buffer.alloc(1_000_000))).rejects.toMatchObject({
        code: 'NO_SPACE',
        operation: 'putContent',
        cause: { code: 'ENOSPC' },
      });
      expect(await driver.getContent('/a/file')).toEqual(content);
      expect(await readdir(join(root, 'a'))).toEqual(['file']);
    },
  );

  it.skipIf(skip)(
    `fails a writer half-way, which can be ${because(noMount)} cancelled`,
    async () => {
      const root = await mountRoot('size=256k');
      const driver = new FilesystemDriver({ rootDirectory: root });
      const writer = await driver.openWriter('/a/file');
      const failure = await writeUntilFailure(writer);
      expect(failure).toMatchObject({ code: 'NO_SPACE', operation: 'write', path: '/a/file' });
      await expect(writer.commit()).rejects.toBe(failure);
      await writer.cancel();
      expect(await readdir(join(root, 'a'))).toEqual([]);
      expect(await openHandlesBelow(root)).toEqual([]);
      await driver.putContent('/a/file', content);
    },
  );

  it.skipIf(skip)(`fails a writer half-way, which can be closed${because(noMount)}`, async () => {
    const root = await mountRoot('size=256k');
    const driver = new FilesystemDriver({ rootDirectory: root });
    const writer = await driver.openWriter('/a/file');
    await writeUntilFailure(writer);
    await writer.close();
    expect(await openHandlesBelow(root)).toEqual([]);
    await driver.delete('/a');
    await driver.putContent('/a/file', content);
  });

  it.skipIf(skip)(`is told at the end when it was not before${because(noMount)}`, async () => {
    const root = await mountRoot('size=256k');
    const driver = new FilesystemDriver({ rootDirectory: root });
    for (const ending of ['commit', 'close'] as const) {
      const writer = await driver.openWriter('/a/file');
      await writer.write(Buffer.alloc(1_000_000));
      await expect(writer[ending]()).rejects.toMatchObject({ code: 'NO_SPACE', operation: ending });
      await writer.close();
      expect(await openHandlesBelow(root)).toEqual([]);
    }
  });
});

async function writeUntilFailure(writer: { write(content: Uint8Array): Promise<void> }) {
  for (let count = 0; count < 1000; count++) {
    const failure = await writer.write(Buffer.alloc(50_000)).catch((error: unknown) => error);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

describe('a file system that is read-only', () => {
  it.skipIf(noMount !== undefined)(`is READ_ONLY for what writes${because(noMount)}`, async () => {
    const root = await mountRoot('size=1m');
    const driver = new FilesystemDriver({ rootDirectory: root });
    await driver.putContent('/a/file', content);
    await remount(root, 'ro');
    for (const call of [
      () => driver.putContent('/a/file', content),
      () => driver.putContent('/new/file', content),
      () => driver.openWriter('/a/file'),
      () => driver.openWriter('/a/file', { append: true }),
      () => driver.move('/a/file', '/a/other'),
      () => driver.delete('/a/file'),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'READ_ONLY',
        cause: { code: 'EROFS' },
      });
    }
    expect(await driver.getContent('/a/file')).toEqual(content);
  });
});

describe('a directory that this process may not use', () => {
  it('is PERMISSION_DENIED', async () => {
    const { driver, root } = await createTemporaryDriver();
    await chmod(root, 0o755);
    await driver.putContent('/a/file', content);
    await chmod(join(root, 'a'), 0o000);
    await asNobody(async () => {
      for (const call of [
        () => driver.getContent('/a/file'),
        () => driver.openReader('/a/file'),
        () => driver.stat('/a/file'),
        () => driver.putContent('/a/file', content),
        () => driver.list('/a')[Symbol.asyncIterator]().next(),
      ]) {
        await expect(call()).rejects.toMatchObject({
          code: 'PERMISSION_DENIED',
          cause: { code: 'EACCES' },
        });
      }
    });
    await chmod(join(root, 'a'), 0o755);
  });
});

/** Root may do everything: it has to become someone else to be refused. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('a process without free handles', () => {
  it('is BUSY, and works again afterwards', async () => {
    const root = await createTemporaryRoot();
    const program = fileURLToPath(new URL('fixtures/run-out-of-handles.ts', import.meta.url));
    const command = `ulimit -n 60; exec "$0" --conditions=@purser/source "$1" "$2"`;
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      command,
      process.execPath,
      program,
      root,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      codes: ['BUSY', 'BUSY', 'BUSY', 'BUSY', 'BUSY'],
      recovered: 'no failure',
    });
  });
});

describe('failures of every kind', () => {
  it.skipIf(whyNoHandles !== undefined)(
    `leave no handle open${because(whyNoHandles)}`,
    async () => {
      const { driver, root } = await createTemporaryDriver();
      await driver.putContent('/file', content);
      await mkdir(join(root, 'directory', 'below'), { recursive: true });
      await writeFile(join(root, 'directory', 'below', 'x'), '');
      await Promise.allSettled([
        driver.openReader('/directory'),
        driver.openReader('/missing'),
        driver.openWriter('/directory'),
        driver.openWriter('/directory', { append: true }),
        driver.openWriter('/file/below'),
        driver.putContent('/directory', content),
        driver.putContent('/file/below', content),
        driver.move('/file', '/directory'),
        driver.getContent('/directory'),
      ]);
      expect(await openHandlesBelow(root)).toEqual([]);
      expect((await readdir(root)).toSorted()).toEqual(['directory', 'file']);
    },
  );
});
