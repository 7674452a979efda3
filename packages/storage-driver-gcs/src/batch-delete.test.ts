import { expect, it } from 'vitest';
import { statusesOf } from './batch-delete.ts';
import { describeWithService } from './fixtures/with-service.ts';

const ANSWER = [
  '--batch_x',
  'Content-Type: application/http',
  'Content-ID: <response-call-1>',
  '',
  'HTTP/1.1 404 Not Found',
  'Content-Type: application/json',
  '',
  '{"error":{"code":404}}',
  '--batch_x',
  'Content-Type: application/http',
  'Content-ID: <response-call-0>',
  '',
  'HTTP/1.1 204 No Content',
  '',
  '--batch_x--',
  '',
].join('\r\n');

describeWithService('a batch of deletions', (test) => {
  it('is told what became of each, in any order', () => {
    expect(statusesOf(ANSWER)).toEqual(
      new Map([
        [1, 404],
        [0, 204],
      ]),
    );
  });

  const BATCH = { kind: 'answer', status: 200 } as const;
  const answerOf = (statuses: readonly number[]) =>
    statuses.map(
      (status, index) => `Content-ID: <response-call-${index}>\n\nHTTP/1.1 ${status} X\n`,
    );

  it('is repeated for those that failed for a while, or got no answer, and for no others', async () => {
    const driver = test.createDriver();
    for (const name of ['a', 'b', 'c', 'd'])
      await driver.putContent(`/some/${name}`, Buffer.alloc(1));
    // The first is told to be gone, and is not: so it must still be there afterwards.
    const faults = [{ ...BATCH, body: answerOf([204, 503, 429]).join('') }];
    test.service.sabotage = (request) => (request.includes('/batch/') ? faults.shift() : undefined);
    await driver.delete('/some');
    const left: string[] = [];
    for await (const page of driver.list('/some')) left.push(...page.map(({ name }) => name));
    expect(left).toEqual(['a']);
  });

  it('fails when one is refused, though the answer as a whole is a success', async () => {
    const driver = test.createDriver();
    await driver.putContent('/some/a', Buffer.alloc(1));
    await driver.putContent('/some/b', Buffer.alloc(1));
    const body = answerOf([503, 403]).join('');
    test.service.sabotage = (request) =>
      request.includes('/batch/') ? { ...BATCH, body } : undefined;
    await expect(driver.delete('/some')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      cause: { message: expect.stringContaining('/some/b was not deleted') },
    });
  });

  it.each([404, 405, 501])(
    'becomes single deletions where the service answers %i, and is not sent again',
    async (status) => {
      const driver = test.createDriver();
      test.service.sabotage = (request) =>
        request.includes('/batch/') ? { kind: 'answer', status } : undefined;
      for (const directory of ['/some', '/other']) {
        for (const name of ['a', 'b'])
          await driver.putContent(`${directory}/${name}`, Buffer.alloc(1));
        await driver.delete(directory);
        expect(await driver.stat(directory)).toBeUndefined();
      }
      expect(test.service.requests.filter((request) => request.includes('/batch/'))).toHaveLength(
        1,
      );
    },
  );

  it('takes a directory of several hundred files, and leaves nothing', async () => {
    const driver = test.createDriver();
    await Promise.all(
      Array.from({ length: 250 }, (_, index) =>
        driver.putContent(`/many/${index}`, Buffer.alloc(1)),
      ),
    );
    test.service.requests.length = 0;
    await driver.delete('/many');
    expect(test.service.requests.filter((request) => request.includes('/batch/'))).toHaveLength(3);
    expect(await driver.stat('/many')).toBeUndefined();
  });
});
