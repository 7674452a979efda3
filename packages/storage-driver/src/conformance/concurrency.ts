import assert from 'node:assert/strict';
import type { StorageDriver } from '../driver.ts';
import { DriverError } from '../errors.ts';
import { assertContent, assertSameBytes, pathsOf, readAll } from './assertions.ts';
import { bytesOf, filled, writeFile, writePieces } from './contents.ts';
import type { Suite } from './suite.ts';

const MANY = 100;

export function describeConcurrency(suite: Suite): void {
  suite.describe('concurrency', () => {
    describeWritersAtOnce(suite);
    describeReadersAtOnce(suite);
    describePutsAtOnce(suite);
  });
}

function numbered(prefix: string): readonly string[] {
  return Array.from({ length: MANY }, (_, index) => `${prefix}${index}`);
}

function describeWritersAtOnce(suite: Suite): void {
  const files = numbered('/new/directory/file');
  suite.test(
    `${MANY} writers write as many files at once`,
    async (driver) => {
      const contentOf = (index: number) => bytesOf(100_000 + index);
      await Promise.all(
        files.map(async (path, index) => {
          await using writer = await driver.openWriter(path);
          await writePieces(writer, contentOf(index), 16_384);
          await writer.commit();
        }),
      );
      for (const [index, path] of files.entries()) {
        await assertContent(driver, path, contentOf(index));
      }
    },
    { leaves: files },
  );
  const deep = numbered('/new/d').map((directory) => `${directory}/a/b/c/file`);
  suite.test(
    `${MANY} files are put into new directories at once`,
    async (driver) => {
      await Promise.all(deep.map((path) => driver.putContent(path, Buffer.from(path))));
      for (const path of deep) await assertContent(driver, path, Buffer.from(path));
      assert.equal((await pathsOf(driver.list('/new'))).length, MANY);
    },
    { leaves: deep },
  );
}

function describeReadersAtOnce(suite: Suite): void {
  suite.test(
    `${MANY} readers read one file at once, from different offsets`,
    async (driver) => {
      const content = bytesOf(300_000);
      await writeFile(driver, '/file', [content.slice()]);
      await Promise.all(
        numbered('').map(async (_, index) => {
          const offset = index * 1000;
          const found = await readAll(await driver.openReader('/file', { offset }));
          assertSameBytes(found, content.subarray(offset));
        }),
      );
    },
    { leaves: ['/file'] },
  );
  suite.test(
    `${MANY} readers that nobody reads do not stop the others`,
    async (driver) => {
      const content = bytesOf(100_000);
      await driver.putContent('/file', content);
      const idle = await Promise.all(numbered('').map(() => driver.openReader('/file')));
      const found = await readAll(await driver.openReader('/file'));
      for (const reader of idle) reader.destroy();
      assertSameBytes(found, content);
    },
    { leaves: ['/file'] },
  );
}

function describePutsAtOnce(suite: Suite): void {
  const size = 50_000;
  suite.test(
    'of many contents put at one path, one stays whole',
    async (driver) => {
      await Promise.all(
        numbered('').map((_, index) =>
          driver.putContent('/file', filled(size, String.fromCharCode(97 + (index % 26)))),
        ),
      );
      assertIsOfOnePiece(await driver.getContent('/file'), size);
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'whoever reads while a file is replaced sees one content whole',
    async (driver) => {
      await driver.putContent('/file', filled(size, 'a'));
      let isOver = false;
      const reading = readUntil(driver, () => isOver, size);
      for (let index = 0; index < MANY; index++) {
        await driver.putContent('/file', filled(size, String.fromCharCode(97 + (index % 26))), {
          durable: false,
        });
      }
      isOver = true;
      assert.ok((await reading) > 0);
    },
    { leaves: ['/file'] },
  );
  suite.test('what is written where others delete the last file is there', async (driver) => {
    await Promise.all(
      numbered('/new/directory/file').map(async (path, index) => {
        if (index % 2 === 0) await driver.putContent(path, Buffer.from(path), { durable: false });
        else await writeFile(driver, path, [Buffer.from(path)]);
        await assertContent(driver, path, Buffer.from(path));
        if (index % 4 < 2) return driver.delete(path);
        await driver.move(path, `/moved${path}`);
        await assertContent(driver, `/moved${path}`, Buffer.from(path));
        await driver.delete(`/moved${path}`);
      }),
    );
    assert.equal(await driver.stat('/moved'), undefined);
  });
  suite.test('what is deleted by many at once is deleted by one', async (driver) => {
    await driver.putContent('/file', filled(size, 'a'));
    const results = await Promise.allSettled(numbered('').map(() => driver.delete('/file')));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) {
      if (result.status === 'rejected') {
        assert.ok(DriverError.is(result.reason, 'PATH_NOT_FOUND'), String(result.reason));
      }
    }
  });
}

/** @returns How many times the file was read. */
async function readUntil(
  driver: StorageDriver,
  isOver: () => boolean,
  size: number,
): Promise<number> {
  let count = 0;
  for (; !isOver(); count++) {
    assertIsOfOnePiece(await driver.getContent('/file'), size);
    assertIsOfOnePiece(await readAll(await driver.openReader('/file')), size);
  }
  return count;
}

function assertIsOfOnePiece(content: Uint8Array, size: number): void {
  assertSameBytes(content, Buffer.alloc(size, content[0]));
}
