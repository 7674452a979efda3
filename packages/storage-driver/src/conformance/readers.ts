import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { ReaderOptions, StorageDriver } from '../driver.ts';
import { DriverError } from '../errors.ts';
import { assertFails, assertSameBytes, readAll } from './assertions.ts';
import { bytesOf, filled, hello, putFiles, writeFile } from './contents.ts';
import type { Suite } from './suite.ts';

const MEBIBYTE = 1024 * 1024;

export function describeReaders(suite: Suite): void {
  suite.describe('readers', () => {
    describeRanges(suite);
    describeRefusals(suite);
    describeSnapshots(suite);
    suite.test('can be destroyed before the end, and at once', async (driver) => {
      await driver.putContent('/file', bytesOf(3 * MEBIBYTE));
      const untouched = await driver.openReader('/file');
      untouched.destroy();
      await closed(untouched);
      const begun = await driver.openReader('/file');
      for await (const _ of begun) break;
      await closed(begun);
      await driver.delete('/file');
    });
    suite.test(
      'hold a few MiB at most while nobody reads on',
      async (driver) => {
        await driver.putContent('/file', filled(32 * MEBIBYTE, 'a'));
        const reader = await driver.openReader('/file');
        await once(reader, 'readable');
        reader.read(1);
        for (let turn = 0; turn < 200; turn++) await setImmediate();
        assert.ok(reader.readableLength <= 8 * MEBIBYTE, `${reader.readableLength} bytes held`);
        reader.destroy();
        await closed(reader);
      },
      { leaves: ['/file'] },
    );
  });
}

function describeRanges(suite: Suite): void {
  const size = 2 * MEBIBYTE + 12_345;
  const content = bytesOf(size);
  const offsets = [
    0,
    1,
    65_535,
    MEBIBYTE - 1,
    MEBIBYTE,
    MEBIBYTE + 1,
    size - 1,
    size,
    size + 1,
    2 * size,
  ];
  const lengths = [
    undefined,
    0,
    1,
    65_536,
    MEBIBYTE,
    size - 1,
    size,
    2 * size,
    Number.MAX_SAFE_INTEGER,
  ];

  suite.test(
    'give the bytes from an offset, as many as asked for and there are',
    async (driver) => {
      await driver.putContent('/file', content);
      for (const offset of offsets) {
        for (const length of lengths) {
          const found = await readAll(await driver.openReader('/file', { offset, length }));
          assertSameBytes(found, content.subarray(offset, offset + (length ?? size)));
        }
      }
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'give the same bytes when they only lend them',
    async (driver) => {
      await writeFile(driver, '/file', [bytesOf(5_000_003)]);
      const ranges = [
        {},
        { offset: 1 },
        { offset: 4_000_000 },
        { offset: 70_000, length: 3_000_000 },
      ];
      await Promise.all(
        ranges.map(async (range) => {
          const { offset = 0, length = 5_000_003 } = range as ReaderOptions;
          const found: Buffer[] = [];
          for await (const chunk of await driver.openReader('/file', { ...range, lend: true })) {
            found.push(Buffer.from(chunk as Uint8Array));
          }
          const expected = bytesOf(5_000_003).subarray(offset, offset + length);
          assertSameBytes(Buffer.concat(found), expected);
        }),
      );
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'leave a lent chunk alone until the next is asked for, whatever else is read',
    async (driver) => {
      await driver.putContent('/first', bytesOf(1000));
      await driver.putContent('/other', Buffer.alloc(2_000_000));
      let position = 0;
      for await (const chunk of await driver.openReader('/first', { lend: true })) {
        for await (const other of await driver.openReader('/other', { lend: true })) {
          assert.equal((other as Uint8Array)[0], 0);
        }
        const { byteLength } = chunk as Buffer;
        assertSameBytes(chunk as Buffer, bytesOf(1000).subarray(position, position + byteLength));
        position += byteLength;
      }
      assert.equal(position, 1000);
    },
    { leaves: ['/first', '/other'] },
  );
  suite.test(
    'give lent chunks to many at once, some of whom leave early',
    async (driver) => {
      const content = bytesOf(3_000_001);
      await writeFile(driver, '/file', [content.slice()]);
      await Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          let position = 0;
          for await (const chunk of await driver.openReader('/file', { lend: true })) {
            await setImmediate();
            const { byteLength } = chunk as Buffer;
            assertSameBytes(chunk as Buffer, content.subarray(position, position + byteLength));
            position += byteLength;
            if (index % 3 === 0) break;
          }
        }),
      );
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'give nothing of an empty file',
    async (driver) => {
      await driver.putContent('/file', Buffer.alloc(0));
      for (const offset of [0, 1]) {
        assert.equal((await readAll(await driver.openReader('/file', { offset }))).byteLength, 0);
      }
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'give a large file in order',
    async (driver) => {
      const large = bytesOf(20_000_003);
      await writeFile(driver, '/file', [large.slice()]);
      assertSameBytes(await readAll(await driver.openReader('/file')), large);
    },
    { leaves: ['/file'] },
  );
}

function describeRefusals(suite: Suite): void {
  const place = { operation: 'openReader', path: '/file' };
  for (const value of [
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.MAX_SAFE_INTEGER + 1,
  ]) {
    suite.test(
      `an offset or a length of ${value} is refused`,
      async (driver) => {
        await putFiles(driver, '/file');
        await assertFails(driver.openReader('/file', { offset: value }), 'OFFSET_INVALID', place);
        await assertFails(driver.openReader('/file', { length: value }), 'OFFSET_INVALID', place);
      },
      { leaves: ['/file'] },
    );
  }
  suite.test('a missing file is refused before there is a stream', async (driver) => {
    await assertFails(driver.openReader('/file'), 'PATH_NOT_FOUND', place);
    await assertFails(driver.openReader('/file', { offset: 7 }), 'PATH_NOT_FOUND', place);
  });
  suite.test(
    'a directory is refused before there is a stream',
    async (driver) => {
      await putFiles(driver, '/file/below');
      await assertFails(driver.openReader('/file'), 'NOT_A_FILE', place);
    },
    { leaves: ['/file/below'], needs: 'exclusivePaths' },
  );
  suite.test(
    'what is below a file is missing',
    async (driver) => {
      await driver.putContent('/file', hello);
      await assertFails(driver.openReader('/file/below'), 'PATH_NOT_FOUND');
    },
    { leaves: ['/file'] },
  );
}

/** Ways in which a file can be replaced or lost while it is read. */
const CHANGES: Readonly<
  Record<string, (driver: StorageDriver, after: Buffer) => Promise<unknown>>
> = {
  putContent: (driver, after) => driver.putContent('/file', after),
  openWriter: (driver, after) => writeFile(driver, '/file', [after]),
  async move(driver, after) {
    await driver.putContent('/new', after);
    await driver.move('/new', '/file');
  },
  async delete(driver, after) {
    await driver.delete('/file');
    await driver.putContent('/file', after);
  },
};

function describeSnapshots(suite: Suite): void {
  const size = 8 * MEBIBYTE;
  for (const [name, change] of Object.entries(CHANGES)) {
    suite.test(
      `do not mix contents when ${name} replaces the file`,
      async (driver) => {
        await driver.putContent('/file', filled(size, 'a'));
        const reader = await driver.openReader('/file');
        const chunks = reader[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
        const first = (await chunks.next()).value;
        assert.ok(first !== undefined);
        await change(driver, filled(size, 'b'));
        await assertRestIsOld(chunks, size - first.byteLength);
        assertSameBytes(await driver.getContent('/file'), filled(size, 'b'));
      },
      { leaves: ['/file'] },
    );
  }
}

/** A backend that cannot keep the old content may fail instead. */
async function assertRestIsOld(
  chunks: AsyncIterator<Buffer, undefined>,
  expected: number,
): Promise<void> {
  let size = 0;
  try {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      size += next.value.byteLength;
      assertSameBytes(next.value, filled(next.value.byteLength, 'a'));
    }
  } catch (error) {
    if (!DriverError.is(error)) throw error;
    return;
  }
  assert.equal(size, expected);
}

/** Also when it is closed by an error, which leaving a `for await` early is to a stream. */
async function closed(reader: Readable): Promise<void> {
  if (reader.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  reader.once('close', resolve);
  await promise;
}
