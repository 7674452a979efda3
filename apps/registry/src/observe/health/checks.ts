import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { StorageDriver } from '@purser/storage-driver';
import { storageAnswer } from './storage-answer.ts';

/** Fails while a file is there, which is how an operator closes the registry. */
export async function checkFile(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
  throw new Error('file exists');
}

export interface HttpCheckOptions {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly statuscode: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Asks by HEAD, following redirects; fails when the status is another, or none comes in time. */
export async function checkHttp(
  uri: string,
  { headers, statuscode, timeout }: HttpCheckOptions,
): Promise<void> {
  // `fetch` takes no credentials in a URL.
  const url = new URL(uri);
  const sent = new Headers();
  if (url.username !== '') sent.set('Authorization', basicOf(url));
  [url.username, url.password] = ['', ''];
  for (const [name, values] of Object.entries(headers)) {
    for (const value of values) sent.append(name, value);
  }
  const signal = AbortSignal.timeout(timeout);
  const { status } = await fetch(url, { method: 'HEAD', headers: sent, signal }).catch((cause) => {
    throw new Error(`no answer: ${reasonOf(cause)}`, { cause });
  });
  if (status !== statuscode) throw new Error(`unexpected status: ${status}`);
}

function basicOf({ username, password }: URL): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Fails when nobody accepts a connection in time. */
export async function checkTcp(
  { host, port }: { readonly host: string; readonly port: number },
  timeout: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host, port, timeout }, resolve);
  socket.once('timeout', () => reject(new Error(`no connection within ${timeout} ms`)));
  socket.once('error', (cause) =>
    reject(new Error(`no connection: ${reasonOf(cause)}`, { cause })),
  );
  try {
    await promise;
  } finally {
    socket.destroy();
  }
}

/** Fails when storage cannot be looked at, or does not answer in time. */
export async function checkStorage(driver: StorageDriver, timeout: number): Promise<void> {
  await storageAnswer(timeout, (signal) => driver.stat('/', { signal }));
}

/** What the system calls it: clients of HTTP say "fetch failed", and it is the cause that knows why. */
function reasonOf(error: unknown): string {
  const { code, message, cause } = error as Error & { code?: string };
  if (cause instanceof Error) return reasonOf(cause);
  return code ?? message;
}
