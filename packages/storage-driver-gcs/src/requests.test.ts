import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { GcsDriver } from './driver.ts';
import { describeWithService } from './fixtures/with-service.ts';

const MEBIBYTE = 1024 * 1024;

interface Budget {
  readonly call: string;
  readonly run: (driver: GcsDriver) => Promise<unknown>;
  readonly requests: number;
}

const BUDGETS: readonly Budget[] = [
  { call: 'stat of a file', run: (driver) => driver.stat('/a/file'), requests: 1 },
  { call: 'stat of a directory', run: (driver) => driver.stat('/a'), requests: 2 },
  {
    call: 'stat of nothing, when only a file is meant',
    run: (driver) => driver.stat('/missing', { only: 'file' }),
    requests: 1,
  },
  { call: 'stat of nothing', run: (driver) => driver.stat('/missing'), requests: 2 },
  { call: 'getContent', run: (driver) => driver.getContent('/a/file'), requests: 1 },
  {
    call: 'getContent of nothing',
    run: (driver) => driver.getContent('/missing').catch(() => {}),
    requests: 1,
  },
  {
    call: 'putContent',
    run: (driver) => driver.putContent('/a/new', Buffer.from('new')),
    requests: 1,
  },
  {
    call: 'openReader',
    run: async (driver) => text(await driver.openReader('/a/file', { offset: 1, length: 2 })),
    requests: 1,
  },
  { call: 'a page of list', run: (driver) => read(driver.list('/a')), requests: 1 },
  {
    call: 'walk of 60 files in 60 directories',
    run: (driver) => read(driver.walk('/many')),
    requests: 1,
  },
  {
    call: 'walk that enters only some directories',
    run: (driver) => read(driver.walk('/', { enter: (path) => path === '/a' })),
    requests: 2,
  },
  { call: 'move', run: (driver) => driver.move('/a/file', '/a/moved'), requests: 2 },
  { call: 'delete of a file', run: (driver) => driver.delete('/a/file'), requests: 2 },
  { call: 'delete of 60 files', run: (driver) => driver.delete('/many'), requests: 3 },
  { call: 'locate', run: (driver) => driver.locate('/a/file', { method: 'GET' }), requests: 0 },
  { call: 'openWriter', run: (driver) => driver.openWriter('/a/file'), requests: 0 },
  {
    call: 'openWriter that appends',
    run: (driver) => driver.openWriter('/new', { append: true }),
    requests: 1,
  },
  { call: 'a write that fits into a chunk', run: (driver) => write(driver, 1000), requests: 1 },
  {
    call: 'a write of three chunks, the last in part',
    run: (driver) => write(driver, MEBIBYTE + 1),
    requests: 4,
  },
  {
    call: 'a writer that is closed with a rest',
    run: async (driver) => {
      await using writer = await driver.openWriter('/written');
      await writer.write(Buffer.alloc(1000));
    },
    requests: 1,
  },
];

async function read(found: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of found);
}

async function write(driver: GcsDriver, size: number): Promise<void> {
  await using writer = await driver.openWriter('/written');
  await writer.write(Buffer.alloc(size));
  await writer.commit();
}

describeWithService('requests', (test) => {
  for (const { call, run, requests } of BUDGETS) {
    it(`are ${requests} for ${call}`, async () => {
      const driver = test.createDriver();
      await driver.putContent('/a/file', Buffer.from('content'));
      await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          driver.putContent(`/many/${index}/file`, Buffer.from('content')),
        ),
      );
      test.service.requests.length = 0;
      await run(driver);
      expect(test.service.requests).toHaveLength(requests);
    });
  }

  it('ask for the bytes of a range alone', async () => {
    const driver = test.createDriver();
    await driver.putContent('/file', Buffer.alloc(MEBIBYTE, 'a'));
    test.service.bytesGiven = 0;
    expect(await text(await driver.openReader('/file', { offset: 7, length: 5 }))).toBe('aaaaa');
    expect(test.service.bytesGiven).toBe(5);
  });

  it('never ask for what a writer has sent', async () => {
    const driver = test.createDriver();
    test.service.bytesGiven = 0;
    await write(driver, 3 * MEBIBYTE);
    await driver.move('/written', '/moved');
    expect(test.service.bytesGiven).toBeLessThan(10_000);
  });
});
