import assert from 'node:assert/strict';
import type { StorageDriver } from '../driver.ts';
import { assertContent, failureOf } from './assertions.ts';
import { filled, hello } from './contents.ts';
import type { Suite } from './suite.ts';

const MANY = 50;
const CONTENT_SIZE = 20_000;

/** @param suite Its driver has `create`, unless it declares that it has not. */
export function describeCreating(suite: Suite): void {
  suite.describe('creating', () => {
    if (suite.supports('exclusiveCreation') !== true) {
      suite.test('is absent, as declared', async (driver) => {
        assert.equal(driver.create, undefined);
      });
    }
    describeOne(suite);
    suite.test(
      `one of ${MANY} at once creates a file, and its content stays`,
      async (driver) => {
        const contents = Array.from({ length: MANY }, (_, index) =>
          filled(CONTENT_SIZE, String.fromCharCode(65 + index)),
        );
        const created = await Promise.all(
          contents.map((content) => createOf(driver)('/new/directory/file', content)),
        );
        assert.equal(created.filter(Boolean).length, 1);
        await assertContent(driver, '/new/directory/file', contents[created.indexOf(true)]!);
      },
      { leaves: ['/new/directory/file'], needs: 'exclusiveCreation' },
    );
    suite.test(
      'rejects with the reason of an aborted signal, and creates nothing',
      async (driver) => {
        const reason = new Error('enough');
        const signal = AbortSignal.abort(reason);
        assert.equal(await failureOf(createOf(driver)('/a/file', hello, { signal })), reason);
      },
      { needs: 'exclusiveCreation' },
    );
  });
}

function describeOne(suite: Suite): void {
  suite.test(
    'makes a file where nothing is',
    async (driver) => {
      assert.equal(await createOf(driver)('/a/file', hello), true);
      await assertContent(driver, '/a/file', hello);
    },
    { leaves: ['/a/file'], needs: 'exclusiveCreation' },
  );
  suite.test(
    'leaves what is there as it is',
    async (driver) => {
      await driver.putContent('/a/file', hello);
      assert.equal(await createOf(driver)('/a/file', Buffer.from('other')), false);
      await assertContent(driver, '/a/file', hello);
    },
    { leaves: ['/a/file'], needs: 'exclusiveCreation' },
  );
  suite.test(
    'works again where a file was deleted',
    async (driver) => {
      await createOf(driver)('/a/file', Buffer.from('other'));
      await driver.delete('/a/file');
      assert.equal(await createOf(driver)('/a/file', hello), true);
      await assertContent(driver, '/a/file', hello);
    },
    { leaves: ['/a/file'], needs: 'exclusiveCreation' },
  );
}

function createOf(driver: StorageDriver): NonNullable<StorageDriver['create']> {
  assert.ok(driver.create, 'the driver has no `create`; declare it in supports.exclusiveCreation');
  return driver.create.bind(driver);
}
