import { describe, expect, it } from 'vitest';
import { parseConfig } from './load.ts';
import type { ConfigurationError } from './problems.ts';

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text);
  } catch (error) {
    return (error as ConfigurationError).problems;
  }
  throw new Error('expected a ConfigurationError');
}

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
      'config.yml:2:10: storage: expected exactly one storage driver, filesystem, inmemory or one with a module, found a map of inmemory, sqlite',
    ]);
  });

  it('whose module is no text is a problem', () => {
    const text = 'version: 0.1\nstorage: { sqlite: { module: [a] } }\n';
    expect(problemsOf(text)).toEqual([
      'config.yml:2:30: storage.sqlite.module: expected the name of a package, or a path, found a list',
    ]);
  });
});
