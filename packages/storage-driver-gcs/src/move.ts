import type { Bucket } from './bucket.ts';

/**
 * Copies an object within the service, then removes the first. Between the two both are there; when the second step
 * fails, both stay, and the same move again ends it.
 */
export async function moveObject(
  bucket: Bucket,
  { source, destination }: { source: string; destination: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  await bucket.copy(source, destination, signal);
  await bucket.remove(source, { signal });
}
