import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHandlesBelow, whyNoHandles } from './fixtures/open-handles.ts';
import { createTemporaryDriver } from './fixtures/temporary-root.ts';

const MEBIBYTE = 1024 * 1024;

describe('a writer', () => {
  it('writes many small pieces and few large ones alike, in order', async () => {
    const { driver, root } = await createTemporaryDriver();
    await using writer = await driver.openWriter('/file');
    const pieces: Buffer[] = [];
    for (let count = 0; count < 5000; count++) {
      const piece = Buffer.alloc(1 + ((count * 7919) % 9000), count);
      pieces.push(piece);
      await writer.write(Buffer.from(piece));
    }
    await writer.write(Buffer.alloc(20 * MEBIBYTE, 'x'));
    await writer.write(Buffer.from('end'));
    await writer.commit();
    const expected = Buffer.concat([
      ...pieces,
      Buffer.alloc(20 * MEBIBYTE, 'x'),
      Buffer.from('end'),
    ]);
    expect(Buffer.compare(await readFile(join(root, 'file')), expected)).toBe(0);
  });

  it('holds a few MiB at most', async () => {
    const { driver, root } = await createTemporaryDriver();
    await using writer = await driver.openWriter('/file');
    for (let count = 0; count < 64; count++) {
      await writer.write(Buffer.alloc(MEBIBYTE));
      const { size } = await stat(join(root, 'file'));
      expect(writer.size - size).toBeLessThanOrEqual(5 * MEBIBYTE);
    }
  });

  it('adds to the end of what others wrote meanwhile', async () => {
    const { driver } = await createTemporaryDriver();
    await using first = await driver.openWriter('/file', { append: true });
    await using second = await driver.openWriter('/file', { append: true });
    await first.write(Buffer.from('first'));
    await first.close();
    await second.write(Buffer.from('second'));
    await second.commit();
    expect((await driver.getContent('/file')).toString()).toBe('firstsecond');
  });

  it('may be cancelled after somebody deleted its file', async () => {
    const { driver } = await createTemporaryDriver();
    const writer = await driver.openWriter('/a/file');
    await driver.delete('/a');
    await writer.cancel();
    expect(await driver.stat('/a')).toBeUndefined();
  });

  it.skipIf(whyNoHandles !== undefined)(
    `leaves no handle open, however it ends${whyNoHandles === undefined ? '' : ` (skipped: ${whyNoHandles})`}`,
    async () => {
      const { driver, root } = await createTemporaryDriver();
      for (const ending of ['commit', 'close', 'cancel'] as const) {
        const writer = await driver.openWriter('/file', { append: true });
        await writer.write(Buffer.alloc(20 * MEBIBYTE));
        await writer[ending]();
        expect(await openHandlesBelow(root)).toEqual([]);
      }
    },
  );
});
