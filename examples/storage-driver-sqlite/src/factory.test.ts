import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { driverFactory } from './factory.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';

describe('driverFactory', () => {
  it('keeps what is written in the file that it is given', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'registry.db');
    const driver = await driverFactory.create({ file });
    await driver.putContent('/greeting', Buffer.from('hello'));
    const again = await driverFactory.create({ file });
    expect(Buffer.from(await again.getContent('/greeting')).toString()).toBe('hello');
  });

  it.each([
    [{}, 'file', 'expected the path of a database file'],
    [{ file: 7 }, 'file', 'expected the path of a database file'],
    [{ file: '' }, 'file', 'expected the path of a database file'],
    [{ file: '/registry.db', path: '/' }, 'path', 'unknown parameter; expected file alone'],
    [{ file: '/missing/registry.db' }, 'file', 'cannot be used as a database: unable to open'],
  ])('refuses %j', (parameters, parameter, message) => {
    expect(() => driverFactory.create(parameters)).toThrow(
      expect.objectContaining({ parameter, message: expect.stringContaining(message) }),
    );
  });

  it('refuses a file that is no database', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'registry.db');
    await writeFile(file, 'This is text, and not a database.'.repeat(100));
    expect(() => driverFactory.create({ file })).toThrow(
      expect.objectContaining({ name: 'DriverParameterError', parameter: 'file' }),
    );
  });
});
