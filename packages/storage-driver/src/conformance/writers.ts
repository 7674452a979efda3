import assert from 'node:assert/strict';
import { DriverError } from '../errors.ts';
import { assertContent, assertFails } from './assertions.ts';
import { bytesOf, hello, putFiles, writePieces } from './contents.ts';
import type { Suite } from './suite.ts';
import { describeWriterEndings } from './writer-endings.ts';

export function describeWriters(suite: Suite): void {
  suite.describe('writers', () => {
    describeWriting(suite);
    describeReplacing(suite);
    describeAppending(suite);
    describeInterleaving(suite);
    describeEmptyFiles(suite);
    describeWriterEndings(suite);
    describeWritersInTheWay(suite);
  });
}

const LEAVES_FILE = { leaves: ['/a/file'] };

function describeWriting(suite: Suite): void {
  for (const [total, piece] of [
    [1, 1],
    [3200, 32],
    [1_000_000, 65_536],
    [25_000_000, 10_000_000],
  ] as const) {
    suite.test(
      `take ${total} bytes in pieces of ${piece}`,
      async (driver) => {
        await using writer = await driver.openWriter('/a/file');
        await writePieces(writer, bytesOf(total), piece);
        assert.equal(writer.size, total);
        await writer.commit();
        await assertContent(driver, '/a/file', bytesOf(total));
        assert.equal((await driver.stat('/a/file'))?.size, total);
      },
      LEAVES_FILE,
    );
  }
  suite.test(
    'keep the order of writes that nobody waited for',
    async (driver) => {
      await using writer = await driver.openWriter('/a/file');
      const content = bytesOf(1_000_000);
      const writes: Promise<void>[] = [];
      for (let start = 0; start < content.byteLength; start += 997) {
        writes.push(writer.write(content.slice(start, start + 997)));
      }
      await writer.commit();
      await Promise.all(writes);
      await assertContent(driver, '/a/file', content);
    },
    LEAVES_FILE,
  );
}

function describeReplacing(suite: Suite): void {
  suite.test(
    'replace a file that is there, when they do not append',
    async (driver) => {
      await driver.putContent('/a/file', bytesOf(1000));
      await using writer = await driver.openWriter('/a/file');
      assert.equal(writer.size, 0);
      await writer.write(Buffer.from('new'));
      await writer.commit();
      await assertContent(driver, '/a/file', Buffer.from('new'));
    },
    LEAVES_FILE,
  );
  suite.test(
    'take a view of a larger buffer alone, and no bytes at all',
    async (driver) => {
      await using writer = await driver.openWriter('/a/file');
      await writer.write(new Uint8Array(0));
      await writer.write(new Uint8Array(bytesOf(100).buffer, 10, 20));
      await writer.write(new Uint8Array(0));
      assert.equal(writer.size, 20);
      await writer.commit();
      await assertContent(driver, '/a/file', bytesOf(100).subarray(10, 30));
    },
    LEAVES_FILE,
  );
}

function describeAppending(suite: Suite): void {
  for (const piece of [32, 100_000, 10_000_000]) {
    suite.test(
      `go on where the writer before stopped, ${piece} bytes at a time`,
      async (driver) => {
        const content = bytesOf(piece * 3 + 5);
        for (let start = 0; start < content.byteLength; start += piece) {
          await using writer = await driver.openWriter('/a/file', { append: true });
          assert.equal(writer.size, start);
          await writer.write(content.slice(start, start + piece));
          assert.equal(writer.size, Math.min(start + piece, content.byteLength));
        }
        await using last = await driver.openWriter('/a/file', { append: true });
        await last.commit();
        await assertContent(driver, '/a/file', content);
      },
      LEAVES_FILE,
    );
  }
  suite.test(
    'begin with an empty file when there is nothing to append to',
    async (driver) => {
      await using writer = await driver.openWriter('/a/file', { append: true });
      assert.equal(writer.size, 0);
      await writer.write(hello.subarray());
      await writer.commit();
      await assertContent(driver, '/a/file', hello);
    },
    LEAVES_FILE,
  );
  suite.test(
    'may be opened and closed without writing',
    async (driver) => {
      const first = await driver.openWriter('/a/file');
      await first.close();
      for (let turn = 0; turn < 3; turn++) {
        await using writer = await driver.openWriter('/a/file', { append: true });
        assert.equal(writer.size, turn);
        await writer.write(Buffer.from('x'));
        await writer.close();
        await using idle = await driver.openWriter('/a/file', { append: true });
        assert.equal(idle.size, turn + 1);
      }
      await using last = await driver.openWriter('/a/file', { append: true });
      await last.commit();
      await assertContent(driver, '/a/file', Buffer.from('xxx'));
    },
    LEAVES_FILE,
  );
}

/** What of both ends up in the file, and whether the second may end, is the driver's affair. */
function describeInterleaving(suite: Suite): void {
  suite.test(
    'tell all bytes of a file to which another has appended meanwhile',
    async (driver) => {
      await using start = await driver.openWriter('/a/file');
      await start.write(hello.subarray());
      await start.close();
      await using first = await driver.openWriter('/a/file', { append: true });
      await using second = await driver.openWriter('/a/file', { append: true });
      await first.write(Buffer.from('1'));
      await second.write(Buffer.from('22'));
      await first.close();
      try {
        await second.commit();
        assert.equal(second.size, (await driver.stat('/a/file'))?.size);
        return;
      } catch (error) {
        if (!DriverError.is(error)) throw error;
      }
      await using last = await driver.openWriter('/a/file', { append: true });
      await last.commit();
    },
    LEAVES_FILE,
  );
}

function describeEmptyFiles(suite: Suite): void {
  suite.test(
    'make an empty file when nothing is written',
    async (driver) => {
      await using writer = await driver.openWriter('/a/file');
      await writer.commit();
      await assertContent(driver, '/a/file', Buffer.alloc(0));
      assert.equal((await driver.stat('/a/file'))?.size, 0);
    },
    LEAVES_FILE,
  );
  suite.test(
    'append to an empty file that is complete already',
    async (driver) => {
      const first = await driver.openWriter('/a/file');
      await first.commit();
      await using second = await driver.openWriter('/a/file', { append: true });
      await second.write(hello.subarray());
      await second.commit();
      await assertContent(driver, '/a/file', hello);
    },
    LEAVES_FILE,
  );
  suite.test(
    'append to an empty file that was put',
    async (driver) => {
      await driver.putContent('/a/file', Buffer.alloc(0));
      await using writer = await driver.openWriter('/a/file', { append: true });
      await writer.write(hello.subarray());
      await writer.commit();
      await assertContent(driver, '/a/file', hello);
    },
    LEAVES_FILE,
  );
}

function describeWritersInTheWay(suite: Suite): void {
  for (const append of [false, true]) {
    suite.test(
      `cannot be opened over a directory, nor below a file (append: ${append})`,
      async (driver) => {
        await putFiles(driver, '/a/file');
        await assertFails(driver.openWriter('/a', { append }), 'NOT_A_FILE', {
          operation: 'openWriter',
          path: '/a',
        });
        await assertFails(driver.openWriter('/a/file/below', { append }), 'NOT_A_DIRECTORY');
        await assertContent(driver, '/a/file', Buffer.from('/a/file'));
      },
      { ...LEAVES_FILE, needs: 'exclusivePaths' },
    );
  }
}
