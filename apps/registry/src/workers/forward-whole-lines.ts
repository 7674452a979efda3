import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { linesOf, type LinesWriter } from '../show/lines-writer.ts';

/** Hands on what a worker writes in whole lines, so that lines of several workers do not mix, however long they are. */
export function forwardWholeLines(stream: Readable, write: LinesWriter): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const text = rest + decoder.write(chunk);
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) write(linesOf(text.slice(0, end)));
  });
  // What died in the middle of a line said something, too.
  stream.once('end', () => {
    rest += decoder.end();
    if (rest !== '') write(rest);
  });
}
