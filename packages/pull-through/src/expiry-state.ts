import { isDigest, isRepositoryName } from '@purser/core';
import type { Content } from './observer.ts';
import { keyOf } from './source.ts';

/** What is kept, and until when. */
export interface ExpiryEntry {
  readonly content: Content;
  /** Bytes; 0 when it is not known, since distribution does not write it. */
  size: number;
  /** Milliseconds since 1970; `Infinity` for ever. */
  expiresAt: number;
  /** Milliseconds since 1970. */
  usedAt: number;
}

/** Where the state of the expiry is kept from one process to the next. */
export interface ExpiryStateStore {
  /** What was saved last; `undefined` when nothing was. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces it whole. */
  save(state: Uint8Array): Promise<void>;
}

/** distribution waits for the time it finds: for ever has to be one that it can read. */
const FOR_EVER = '9999-12-31T23:59:59Z';

interface Record {
  readonly Key: string;
  readonly ExpiryData: string;
  /** 0 is a blob, 1 a manifest. */
  readonly EntryType: number;
  readonly Size?: number;
  readonly UsedAt?: string;
}

/**
 * Writes entries as distribution's scheduler does, which leaves out what it does not know: `Size` and `UsedAt`.
 *
 * @see distribution, registry/proxy/scheduler: `/scheduler-state.json`.
 */
export function encodeState(entries: Iterable<ExpiryEntry>): Uint8Array {
  const state: { [key: string]: Record } = {};
  for (const { content, size, expiresAt, usedAt } of entries) {
    const key = keyOf(content.repository, content.digest);
    state[key] = {
      Key: key,
      ExpiryData: expiresAt === Infinity ? FOR_EVER : new Date(expiresAt).toISOString(),
      EntryType: content.kind === 'blob' ? 0 : 1,
      Size: size,
      UsedAt: new Date(usedAt).toISOString(),
    };
  }
  return Buffer.from(JSON.stringify(state));
}

/**
 * Reads what this or distribution's scheduler wrote, longest unused first; entries that make no sense are left out.
 *
 * @throws SyntaxError when it is no JSON.
 */
export function decodeState(state: Uint8Array, now: number): readonly ExpiryEntry[] {
  const records: unknown = JSON.parse(Buffer.from(state).toString());
  return Object.values(records ?? {})
    .flatMap((record: unknown) => decodeRecord((record ?? {}) as Partial<Record>, now))
    .toSorted((left, right) => left.usedAt - right.usedAt);
}

function decodeRecord(record: Partial<Record>, now: number): readonly ExpiryEntry[] {
  const [repository = '', digest = ''] = String(record.Key).split('@', 2);
  const time = Date.parse(String(record.ExpiryData));
  if (!isRepositoryName(repository) || !isDigest(digest) || Number.isNaN(time)) return [];
  const usedAt = Date.parse(String(record.UsedAt));
  return [
    {
      content: { kind: record.EntryType === 1 ? 'manifest' : 'blob', repository, digest },
      size: sizeOf(record),
      expiresAt: record.ExpiryData === FOR_EVER ? Infinity : time,
      usedAt: Number.isNaN(usedAt) ? Math.min(time, now) : usedAt,
    },
  ];
}

function sizeOf({ Size: size = 0 }: Partial<Record>): number {
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}
