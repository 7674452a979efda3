import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createLinesWriter } from '../show/lines-writer.ts';
import { forwardWholeLines } from './forward-whole-lines.ts';

async function forwarded(chunks: readonly Uint8Array[]): Promise<string[]> {
  const stream = new PassThrough();
  const written: string[] = [];
  forwardWholeLines(
    stream,
    createLinesWriter((text) => written.push(text)),
  );
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => void stream.once('close', resolve));
  return written;
}

it('hands on whole lines, wherever chunks begin and end', async () => {
  const text = Buffer.from('one\ntwö\nthree\n');
  const chunks = Array.from(text, (byte) => Buffer.of(byte));
  expect(await forwarded(chunks)).toEqual(['one\n', 'twö\n', 'three\n']);
});

it('ends a last line that was cut off', async () => {
  expect(await forwarded([Buffer.from('one\nhalf')])).toEqual(['one\n', 'half\n']);
});

it('hands on lines that came together in one piece', async () => {
  expect(await forwarded([Buffer.from('one\ntwo\n')])).toEqual(['one\ntwo\n']);
});
