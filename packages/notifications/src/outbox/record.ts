import { crc32 } from 'node:zlib';
import type { Notification } from '../event.ts';

/** What the outbox keeps of a notification. */
export interface OutboxEntry extends Notification {
  /** The only endpoint that it is for; all of them when absent. */
  readonly only?: string | undefined;
}

export interface OutboxRecord {
  /** Grows by one with each record. */
  readonly sequence: number;
  readonly entry: OutboxEntry;
}

/**
 * Writes a record as a line: `<CRC-32 of the rest, 8 hex digits> <sequence> <JSON>`. JSON has no line ends, so that a
 * damaged line is followed by whole ones.
 */
export function formatRecord(sequence: number, json: string): Buffer {
  const rest = `${sequence} ${json}`;
  return Buffer.from(`${checksumOf(Buffer.from(rest))} ${rest}\n`);
}

/** Reads a line without its end; `undefined` when it is damaged. */
export function parseRecord(line: Buffer): OutboxRecord | undefined {
  const rest = line.subarray(CHECKSUM_LENGTH + 1);
  if (line.toString('latin1', 0, CHECKSUM_LENGTH) !== checksumOf(rest)) return undefined;
  const text = rest.toString();
  const space = text.indexOf(' ');
  return {
    sequence: Number(text.slice(0, space)),
    entry: JSON.parse(text.slice(space + 1)) as OutboxEntry,
  };
}

/** Cuts content into the lines that have an end, without it. @returns Also how many bytes they take. */
export function splitLines(content: Buffer): { lines: readonly Buffer[]; length: number } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = content.indexOf(LINE_END); end >= 0; end = content.indexOf(LINE_END, start)) {
    lines.push(content.subarray(start, end));
    start = end + 1;
  }
  return { lines, length: start };
}

const LINE_END = 0x0a;
const CHECKSUM_LENGTH = 8;

function checksumOf(content: Buffer): string {
  return crc32(content).toString(16).padStart(CHECKSUM_LENGTH, '0');
}
