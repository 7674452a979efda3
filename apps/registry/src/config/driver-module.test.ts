import { describe, expect, it } from 'vitest';
import { problemsOf } from '../fixtures/refused-configuration.ts';
import { parseConfig } from './load.ts';

describe('a storage driver from elsewhere', () => {
  it('has a key of its own choice, the module that exports it, and parameters of its own', () => {
    const { config, warnings } = parseConfig(
      'version: 0.1\nstorage: { sqlite: { module: purser-sqlite, file: /x.db, sizes: [1, 2] }, delete: { enabled: true } }\n',
    );
    expect(warnings).toEqual([]);
    expect(config.storage).toMatchObject({
      driver: {
        name: 'module',
        key: 'sqlite',
        module: 'purser-sqlite',
        parameters: { file: '/x.db', sizes: [1, 2] },
      },
      delete: { enabled: true },
    });
  });

  it('is chosen and set by variables as well', () => {
    const { config } = parseConfig('version: 0.1\n', {
      environment: {
        REGISTRY_STORAGE: '{ sqlite: { module: ./driver.js } }',
        REGISTRY_STORAGE_SQLITE_FILE: '/y.db',
      },
    });
    expect(config.storage.driver).toMatchObject({ key: 'sqlite', parameters: { file: '/y.db' } });
  });

  it('is one driver too many beside another', () => {
    const text = 'version: 0.1\nstorage: { inmemory: , sqlite: { module: purser-sqlite } }\n';
    expect(problemsOf(text)).toEqual([
      'config.yml:2:10: storage: expected exactly one storage driver, filesystem, gcs, inmemory or one with a module, found a map of inmemory, sqlite',
    ]);
  });

  it('whose module is no text is a problem', () => {
    const text = 'version: 0.1\nstorage: { sqlite: { module: [a] } }\n';
    expect(problemsOf(text)).toEqual([
      'config.yml:2:30: storage.sqlite.module: expected the name of a package, or a path, found a list',
    ]);
  });
});

describe('a bucket', () => {
  const bucket = (parameters: string) =>
    `version: 0.1\nstorage: { gcs: { bucket: images, ${parameters} } }\n`;

  it("has distribution's parameters", () => {
    const text = bucket(
      'rootdirectory: /registry, chunksize: 524288, maxconcurrency: 60, keyfile: /key.json, useragent: x, endpoint: http://127.0.0.1:4443',
    );
    const { config, warnings } = parseConfig(text);
    expect(warnings).toEqual([]);
    expect(config.storage.driver).toEqual({
      name: 'gcs',
      bucket: 'images',
      rootdirectory: '/registry',
      chunksize: 524_288,
      maxconcurrency: 60,
      keyfile: '/key.json',
      useragent: 'x',
      endpoint: 'http://127.0.0.1:4443',
    });
  });

  it.each([
    ['chunksize: 5', 'storage.gcs.chunksize: expected a multiple of 262144, found 5'],
    ['endpoint: localhost', 'storage.gcs.endpoint: expected an http or https URL, found localhost'],
    [
      'credentials: { client_email: a@b }',
      'storage.gcs.credentials.private_key: expected text, found nothing',
    ],
    [
      'credentials: { client_email: a@b, private_key: [hunter2] }',
      'storage.gcs.credentials.private_key: expected text, found a list',
    ],
  ])('with the parameter %s is a problem', (parameters, problem) => {
    const [line] = problemsOf(bucket(parameters));
    expect(line).toContain(problem);
    expect(line).not.toContain('hunter2');
  });
});
