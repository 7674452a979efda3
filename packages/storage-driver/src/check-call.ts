import { DriverError } from './errors.ts';
import { faultOfPath, ROOT_PATH } from './path.ts';
import { Refusal } from './refusal.ts';

/** Every option of a call, present and checked. */
export interface CallContext {
  readonly signal: AbortSignal | undefined;
}

/** Which call it is, for the error that tells of it. */
export interface Call extends CallContext {
  readonly operation: string;
  readonly path: string;
}

const ROOT_OPERATIONS: ReadonlySet<string> = new Set(['stat', 'list', 'walk', 'listAbandoned']);

/** Characters of a refused path that an error shows. */
const SHOWN_LENGTH = 256;

/** @throws The signal's reason; DriverError for a path that breaks the grammar, or the root where that is no path. */
export function checkCall({ operation, path, signal }: Call, driver: string): void {
  signal?.throwIfAborted();
  if (path === ROOT_PATH && ROOT_OPERATIONS.has(operation)) return;
  const fault = faultOfPath(path);
  if (fault === undefined) return;
  throw new DriverError(fault, { driver, operation, path: path.slice(0, SHOWN_LENGTH) });
}

/** @throws Refusal `OFFSET_INVALID`. */
export function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new Refusal('OFFSET_INVALID', {
    message: `${name} must be an integer, 0 or more: ${value}`,
  });
}
