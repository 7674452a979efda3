import { parseRepositoryName, RegistryError } from '@purser/core';
import { DriverError, MemoryDriver, type DriverErrorCode } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { chunksOf, decoder } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';

function failing(code: DriverErrorCode, failingMethod: string) {
  const cause = new DriverError(code, { driver: 'test', operation: failingMethod, path: '/x' });
  const driver = observeCalls(new MemoryDriver(), (method) => {
    if (method === failingMethod) throw cause;
  });
  const { blobs } = createRegistry({ driver, decoder }).repository(parseRepositoryName('a'));
  return { blobs, cause };
}

describe('a failure of the driver', () => {
  it.each([
    ['NO_SPACE', 'putContent', 'STORAGE_FULL'],
    ['NO_SPACE', 'write', 'STORAGE_FULL'],
    ['BUSY', 'openWriter', 'UNAVAILABLE'],
    ['PERMISSION_DENIED', 'putContent', 'UNAVAILABLE'],
    ['READ_ONLY', 'putContent', 'UNAVAILABLE'],
    ['UNAVAILABLE', 'putContent', 'UNAVAILABLE'],
  ] as const)(
    '%s in %s reaches the client as %s, with its cause',
    async (code, method, expected) => {
      const { blobs, cause } = failing(code, method);
      const push = async () => {
        await using writer = await blobs.create();
        await writer.append(chunksOf(Buffer.from('hello')));
      };
      const error: unknown = await push().catch((failure: unknown) => failure);
      expect(RegistryError.is(error, expected)).toBe(true);
      expect((error as Error).cause).toBe(cause);
    },
  );

  it('leaves an upload with what did arrive, and says so', async () => {
    const away = new DriverError('UNAVAILABLE', { driver: 'test', operation: 'write', path: '/x' });
    let writes = 0;
    const driver = observeCalls(new MemoryDriver(), (method) => {
      if (method === 'write' && writes++ > 0) throw away;
    });
    const { blobs } = createRegistry({ driver, decoder }).repository(parseRepositoryName('a'));
    const writer = await blobs.create();
    const content = chunksOf(Buffer.from('first'), Buffer.from('second'));
    await expect(writer.append(content)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(writer.size).toBe(5);
    await writer.close();
    expect((await blobs.uploadStatus(writer.id)).size).toBe(5);
  });

  it('is none of an upload whose bytes are there, and only the note of their digest is not', async () => {
    const cause = new DriverError('NO_SPACE', {
      driver: 'test',
      operation: 'putContent',
      path: '/x',
    });
    let isFull = false;
    const driver = observeCalls(new MemoryDriver(), (method) => {
      if (method === 'putContent' && isFull) throw cause;
    });
    const { blobs } = createRegistry({ driver, decoder }).repository(parseRepositoryName('a'));
    const writer = await blobs.create();
    await writer.append(chunksOf(Buffer.from('hello')));
    isFull = true;
    await writer.close();
    expect((await blobs.uploadStatus(writer.id)).size).toBe(5);
  });

  it('stays what it is when a client can do nothing about it', async () => {
    const { blobs, cause } = failing('FAILED', 'putContent');
    await expect(blobs.create()).rejects.toBe(cause);
  });
});
