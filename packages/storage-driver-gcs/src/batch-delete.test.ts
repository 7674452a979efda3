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
