import assert from 'node:assert/strict';
import type { FileWriter } from '../driver.ts';
import { assertContent, failureOf, pathsOf } from './assertions.ts';
import { bytesOf, hello, putFiles } from './contents.ts';
import type { Suite } from './suite.ts';

/** How writers end, and what they then refuse. */
export function describeWriterEndings(suite: Suite): void {
  describeEndings(suite);
  describeCancelling(suite);
}

const LEAVES_FILE = { leaves: ['/a/file'] };

type Ending = 'commit' | 'close' | 'cancel';
const ENDINGS: readonly Ending[] = ['commit', 'close', 'cancel'];
const LATE_CALLS: Readonly<Record<string, (writer: FileWriter) => Promise<void>>> = {
  write: (writer) => writer.write(Buffer.from('late')),
  commit: (writer) => writer.commit(),
  cancel: (writer) => writer.cancel(),
};

function describeEndings(suite: Suite): void {
  for (const ending of ENDINGS) {
    const leaves = ending === 'cancel' ? [] : ['/a/file'];
    suite.test(
      `close does nothing after ${ending}, however often`,
      async (driver) => {
        const writer = await driver.openWriter('/a/file');
        await writer.write(hello.subarray());
        await writer[ending]();
        await Promise.all([writer.close(), writer.close()]);
        await writer[Symbol.asyncDispose]();
        await using again = await driver.openWriter('/a/file', { append: true });
        if (ending === 'close') assert.equal(again.size, hello.byteLength);
        await (ending === 'close' ? again.commit() : again.close());
        if (ending === 'cancel') await driver.delete('/a/file').catch(() => {});
      },
      { leaves },
    );
    for (const [name, call] of Object.entries(LATE_CALLS)) {
      suite.test(
        `${name} after ${ending} is a mistake of the program`,
        async (driver) => {
          const writer = await driver.openWriter('/a/file');
          await writer.write(hello.subarray());
          await writer[ending]();
          assert.ok((await failureOf(call(writer))) instanceof TypeError);
          if (ending === 'commit') await assertContent(driver, '/a/file', hello);
          if (ending !== 'close') return;
          await using again = await driver.openWriter('/a/file', { append: true });
          assert.equal(again.size, hello.byteLength);
          await again.commit();
        },
        { leaves },
      );
    }
  }
  suite.test(
    'let go of the file when they are disposed of',
    async (driver) => {
      {
        await using writer = await driver.openWriter('/a/file');
        await writer.write(hello.subarray());
      }
      await using again = await driver.openWriter('/a/file', { append: true });
      assert.equal(again.size, hello.byteLength);
      await again.commit();
    },
    LEAVES_FILE,
  );
}

function describeCancelling(suite: Suite): void {
  suite.test('remove the file when they are cancelled', async (driver) => {
    const writer = await driver.openWriter('/a/file');
    await writer.write(bytesOf(5_000_000));
    await writer.cancel();
    assert.equal(await driver.stat('/a/file'), undefined);
  });
  suite.test('remove also what a writer before them left', async (driver) => {
    const first = await driver.openWriter('/a/file');
    await first.write(hello.subarray());
    await first.close();
    const second = await driver.openWriter('/a/file', { append: true });
    await second.write(hello.subarray());
    await second.cancel();
    assert.equal(await driver.stat('/a/file'), undefined);
    const third = await driver.openWriter('/a/file', { append: true });
    assert.equal(third.size, 0);
    await third.cancel();
  });
  suite.test(
    'leave the files beside theirs alone when they are cancelled',
    async (driver) => {
      await putFiles(driver, '/a/file-2', '/a/other');
      const writer = await driver.openWriter('/a/file');
      await writer.cancel();
      assert.deepEqual(await pathsOf(driver.list('/a')), ['/a/file-2', '/a/other']);
    },
    { leaves: ['/a/file-2', '/a/other'] },
  );
}
