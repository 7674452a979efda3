import type { Readable } from 'node:stream';

/** Whether an error is that of an aborted call. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

/**
 * Ends a reader when a signal is aborted.
 *
 * @throws The signal's reason, when it is already.
 */
export function destroyOnAbort(reader: Readable, signal: AbortSignal): void {
  // An abort before anyone listens must not end the process.
  reader.on('error', () => {});
  const destroy = () => void reader.destroy(signal.reason);
  signal.addEventListener('abort', destroy, { once: true });
  reader.once('close', () => signal.removeEventListener('abort', destroy));
  if (!signal.aborted) return;
  destroy();
  signal.throwIfAborted();
}
