import { join } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { parseRecord, splitLines } from './record.ts';

/** One file of records that follow each other. */
export interface Segment {
  readonly path: string;
  /** The sequence of its first record, also its name. */
  readonly first: number;
  /** The sequence after its last record. */
  next: number;
  /** Whole records end here. */
  bytes: number;
  /** Bytes and records of each repository, as far as this process wrote them. */
  readonly shares: Map<string, Share>;
}

export interface Share {
  bytes: number;
  records: number;
}

/** Counts records that were written. */
export function addToShares(
  { shares }: Segment,
  records: readonly { readonly repository: string; readonly line: Buffer }[],
): void {
  for (const { repository, line } of records) {
    const share = shares.get(repository) ?? { bytes: 0, records: 0 };
    shares.set(repository, share);
    share.bytes += line.byteLength;
    share.records += 1;
  }
}

/** What segments hold of a repository, as far as this process wrote them. */
export function shareOf(repository: string, segments: readonly Segment[]): Share {
  return sum(segments.map(({ shares }) => shares.get(repository) ?? { bytes: 0, records: 0 }));
}

/** What segments hold. */
export function shareOfAll(segments: readonly Segment[]): Share {
  return sum(segments.map(({ bytes, first, next }) => ({ bytes, records: next - first })));
}

function sum(shares: readonly Share[]): Share {
  return {
    bytes: shares.reduce((total, { bytes }) => total + bytes, 0),
    records: shares.reduce((total, { records }) => total + records, 0),
  };
}

/** Digits of the largest safe integer, so that the order of names is that of numbers. */
const NAME_LENGTH = 16;
const NAME = /^(\d{16})\.log$/;

export function newSegment(directory: string, first: number): Segment {
  const name = `${String(first).padStart(NAME_LENGTH, '0')}.log`;
  return { path: join(directory, name), first, next: first, bytes: 0, shares: new Map() };
}

/**
 * Finds the segments of a directory, the oldest first. Only the last can be torn, and only it is read.
 *
 * @returns Also how many bytes at the end of the last are no whole record.
 */
export async function findSegments(
  directory: string,
  files: FileSystem,
): Promise<{ segments: Segment[]; torn: number }> {
  const names = (await files.readdir(directory)).toSorted();
  const segments = names.flatMap((name) => {
    const first = NAME.exec(name)?.[1];
    return first === undefined ? [] : [newSegment(directory, Number(first))];
  });
  for (const [index, segment] of segments.entries()) {
    segment.next = segments[index + 1]?.first ?? segment.first;
    segment.bytes = (await files.stat(segment.path)).size;
  }
  const last = segments.at(-1);
  return { segments, torn: last === undefined ? 0 : await measure(last, files) };
}

/** Finds the end of the last whole record. Damage before it stays, and is passed over by readers. */
async function measure(segment: Segment, files: FileSystem): Promise<number> {
  const content = await files.readFile(segment.path);
  let end = 0;
  let position = 0;
  for (const line of splitLines(content).lines) {
    position += line.byteLength + 1;
    const record = parseRecord(line);
    if (record === undefined) continue;
    segment.next = record.sequence + 1;
    end = position;
  }
  segment.bytes = end;
  return content.byteLength - end;
}
