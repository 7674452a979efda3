import { randomUUID } from 'node:crypto';
import type { Bucket } from './bucket.ts';
import { isTransient, ResponseError } from './errors.ts';
import { errorOf, successOf } from './requests.ts';

/** The most calls that the service takes in one request. */
const BATCH_SIZE = 100;

/** Answers of a service or a proxy that has no endpoint for batches. */
const NO_BATCHES: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * Removes objects, a hundred with each request. Missing ones are no failure. A service that refuses batches is asked for
 * each object, and for no other batch.
 *
 * @see Cloud Storage documentation, "Batch requests".
 */
export async function removeMany(
  bucket: Bucket,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const batches: Promise<void>[] = [];
  for (let start = 0; start < keys.length; start += BATCH_SIZE) {
    batches.push(removeSome(bucket, keys.slice(start, start + BATCH_SIZE), signal));
  }
  await Promise.all(batches);
}

async function removeSome(
  bucket: Bucket,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (bucket.acceptsBatches) {
    try {
      return await removeBatch(bucket, keys, signal);
    } catch (error) {
      if (!(error instanceof BatchesRefused)) throw error;
      bucket.acceptsBatches = false;
    }
  }
  await Promise.all(keys.map((key) => bucket.remove(key, { signal })));
}

/** The service refuses any batch; the status of one object never says so. */
class BatchesRefused extends Error {}

async function removeBatch(
  bucket: Bucket,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let left = keys;
  await bucket.requests.retry.run(async () => {
    const statuses = await sendBatch(bucket, left);
    const failures = left.flatMap((key, index) => {
      const status = statuses.get(index) ?? 503;
      return isRemoved(status) ? [] : [{ key, error: errorOfPart(key, status) }];
    });
    left = failures.map(({ key }) => key);
    const { error } = failures.find((failure) => !isTransient(failure.error)) ?? failures[0] ?? {};
    if (error !== undefined) throw error;
  }, signal);
}

function isRemoved(status: number): boolean {
  return (status >= 200 && status < 300) || status === 404;
}

function errorOfPart(key: string, status: number): ResponseError {
  return new ResponseError({ status, message: `${key} was not deleted` });
}

/** @returns The status of each call, by its index; a call without an answer is missing. */
async function sendBatch(
  bucket: Bucket,
  keys: readonly string[],
): Promise<ReadonlyMap<number, number>> {
  const boundary = `batch-${randomUUID()}`;
  const parts = keys.map(
    (key, index) =>
      `--${boundary}\r\nContent-Type: application/http\r\nContent-ID: <call-${index}>\r\n\r\n` +
      `DELETE ${bucket.resourceOf(key)} HTTP/1.1\r\n\r\n\r\n`,
  );
  const response = await bucket.requests.send({
    method: 'POST',
    to: '/batch/storage/v1',
    headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
    body: `${parts.join('')}--${boundary}--\r\n`,
  });
  if (NO_BATCHES.has(response.statusCode)) {
    throw new BatchesRefused('the service refuses batches', { cause: await errorOf(response) });
  }
  const { body } = await successOf(response);
  return statusesOf(await body.text());
}

/** Reads the answers to calls, which may come in any order. */
export function statusesOf(text: string): ReadonlyMap<number, number> {
  const answers = text.matchAll(
    /^Content-ID: <?response-call-(\d+)>?\s[\s\S]*?^HTTP\/\d(?:\.\d)? (\d{3})/gim,
  );
  return new Map(Array.from(answers, ([, index, status]) => [Number(index), Number(status)]));
}
