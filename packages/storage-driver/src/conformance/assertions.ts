import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import type { Entry, StorageDriver } from '../driver.ts';
import { DriverError, type DriverErrorCode } from '../errors.ts';

/** Where a failure has to say that it happened. */
export interface FailurePlace {
  readonly operation: string;
  readonly path: string;
}

/** Asserts that a call fails with a DriverError of one of some codes, which names the place when one is given. */
export async function assertFails(
  call: Promise<unknown>,
  code: DriverErrorCode | readonly DriverErrorCode[],
  place?: FailurePlace,
): Promise<void> {
  const error = await failureOf(call);
  const codes = typeof code === 'string' ? [code] : code;
  assert.ok(DriverError.is(error), `expected a DriverError, not ${String(error)}`);
  assert.ok(codes.includes(error.code), `expected ${codes.join(' or ')}, not ${error.message}`);
  assert.notEqual(error.driver, '');
  if (place !== undefined) {
    assert.deepEqual({ operation: error.operation, path: error.path }, place);
  }
}

/** What a call fails with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail('the call did not fail');
}

/** Compares without printing both when they are long. */
export function assertSameBytes(found: Uint8Array, expected: Uint8Array): void {
  assert.equal(found.byteLength, expected.byteLength);
  assert.ok(Buffer.compare(found, expected) === 0, 'the bytes differ');
}

export async function assertContent(
  driver: StorageDriver,
  path: string,
  expected: Uint8Array,
): Promise<void> {
  assertSameBytes(await driver.getContent(path), expected);
}

export async function readAll(reader: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

export async function pathsOf(entries: AsyncIterable<Entry | readonly Entry[]>): Promise<string[]> {
  const paths: string[] = [];
  for await (const found of entries) paths.push(...[found].flat().map(({ path }) => path));
  return paths;
}
