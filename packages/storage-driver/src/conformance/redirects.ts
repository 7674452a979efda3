import assert from 'node:assert/strict';
import { assertSameBytes } from './assertions.ts';
import { bytesOf, hello } from './contents.ts';
import type { Suite } from './suite.ts';

export function describeRedirects(suite: Suite): void {
  suite.describe('redirects', () => {
    const leaves = ['/a/file'];
    if (suite.supports('redirects') !== true) {
      suite.test(
        'are not made',
        async (driver) => {
          await driver.putContent('/a/file', hello);
          for (const method of ['GET', 'HEAD'] as const) {
            assert.equal(await driver.locate('/a/file', { method }), undefined);
          }
        },
        { leaves },
      );
    }
    suite.test(
      'lead to the content',
      async (driver) => {
        await driver.putContent('/a/file', bytesOf(10_000));
        const url = await driver.locate('/a/file', { method: 'GET' });
        assert.ok(url instanceof URL);
        const response = await fetch(url);
        assert.equal(response.status, 200);
        assertSameBytes(new Uint8Array(await response.arrayBuffer()), bytesOf(10_000));
      },
      { leaves, needs: 'redirects' },
    );
    suite.test(
      'lead to the size',
      async (driver) => {
        await driver.putContent('/a/file', bytesOf(10_000));
        const url = await driver.locate('/a/file', { method: 'HEAD' });
        assert.ok(url instanceof URL);
        const response = await fetch(url, { method: 'HEAD' });
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-length'), '10000');
      },
      { leaves, needs: 'redirects' },
    );
  });
}
