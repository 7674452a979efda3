import assert from 'node:assert/strict';
import type { StorageDriver } from '../driver.ts';
import { assertContent, assertSameBytes, failureOf, pathsOf, readAll } from './assertions.ts';
import { bytesOf, filled, hello, putFiles } from './contents.ts';
import type { Suite } from './suite.ts';

type Call = (driver: StorageDriver, signal: AbortSignal) => Promise<unknown>;

const CALLS: Readonly<Record<string, Call>> = {
  getContent: (driver, signal) => driver.getContent('/a/file', { signal }),
  putContent: (driver, signal) => driver.putContent('/a/file', Buffer.from('new'), { signal }),
  openReader: (driver, signal) => driver.openReader('/a/file', { signal }),
  openWriter: (driver, signal) => driver.openWriter('/a/file', { signal }),
  stat: (driver, signal) => driver.stat('/a/file', { signal }),
  list: (driver, signal) => pathsOf(driver.list('/a', { signal })),
  walk: (driver, signal) => pathsOf(driver.walk('/', { signal })),
  move: (driver, signal) => driver.move('/a/file', '/b', { signal }),
  delete: (driver, signal) => driver.delete('/a/file', { signal }),
  locate: (driver, signal) => driver.locate('/a/file', { method: 'GET', signal }),
};

const LEAVES_FILE = { leaves: ['/a/file'] };

export function describeCancellation(suite: Suite): void {
  suite.describe('cancellation', () => {
    for (const [name, call] of Object.entries(CALLS)) {
      suite.test(
        `${name} rejects with the reason of an aborted signal, and does nothing`,
        async (driver) => {
          await driver.putContent('/a/file', hello);
          const reason = new Error('enough');
          assert.equal(await failureOf(call(driver, AbortSignal.abort(reason))), reason);
          await assertContent(driver, '/a/file', hello);
        },
        LEAVES_FILE,
      );
    }
    describeReading(suite);
    describeListings(suite);
    describeWriting(suite);
  });
}

function describeReading(suite: Suite): void {
  suite.test(
    'ends a reader that is being read with the reason',
    async (driver) => {
      await driver.putContent('/a/file', filled(8 * 1024 * 1024, 'a'));
      const controller = new AbortController();
      const reason = new Error('the client left');
      const reader = await driver.openReader('/a/file', { signal: controller.signal });
      const reading = (async () => {
        for await (const _ of reader) controller.abort(reason);
      })();
      assert.equal(await failureOf(reading), reason);
      assert.ok(reader.destroyed);
    },
    LEAVES_FILE,
  );
  suite.test(
    'ends a reader that nobody listens to, without harm',
    async (driver) => {
      await driver.putContent('/a/file', bytesOf(1000));
      const controller = new AbortController();
      const reader = await driver.openReader('/a/file', { signal: controller.signal });
      controller.abort(new Error('too late'));
      assert.ok(reader.destroyed);
    },
    LEAVES_FILE,
  );
  suite.test(
    'comes too late after the end of a reader',
    async (driver) => {
      await driver.putContent('/a/file', hello);
      const controller = new AbortController();
      const reader = await driver.openReader('/a/file', { signal: controller.signal });
      assertSameBytes(await readAll(reader), hello);
      controller.abort();
    },
    LEAVES_FILE,
  );
}

function describeListings(suite: Suite): void {
  const leaves = ['/a/1', '/a/2', '/a/3'];
  for (const method of ['list', 'walk'] as const) {
    suite.test(
      `ends ${method} before it has given all`,
      async (driver) => {
        await putFiles(driver, ...leaves);
        const controller = new AbortController();
        const reason = new Error('enough');
        const seen: string[] = [];
        const listing = (async () => {
          for await (const found of driver[method]('/a', { signal: controller.signal })) {
            seen.push(...[found].flat().map(({ path }) => path));
            controller.abort(reason);
          }
        })();
        assert.equal(await failureOf(listing), reason);
        // A page that was on its way is given whole.
        assert.deepEqual(seen, leaves.slice(0, seen.length));
        if (method === 'walk') assert.equal(seen.length, 1);
      },
      { leaves },
    );
  }
}

function describeWriting(suite: Suite): void {
  suite.test(
    'leaves the old content or the new, never a part, whenever it comes',
    async (driver) => {
      const before = filled(2_000_000, 'a');
      const after = filled(2_000_000, 'b');
      for (let turns = 0; turns < 10; turns++) {
        await driver.putContent('/a/file', before);
        const controller = new AbortController();
        const reason = new Error('enough');
        const put = driver.putContent('/a/file', after, { signal: controller.signal });
        const outcome = put.then(
          () => 'done',
          (error: unknown) => error,
        );
        for (let turn = 0; turn < turns; turn++) await driver.stat('/a/file');
        controller.abort(reason);
        const result = await outcome;
        assert.ok(result === 'done' || result === reason, String(result));
        await assertContent(driver, '/a/file', result === 'done' ? after : before);
      }
    },
    LEAVES_FILE,
  );
}
