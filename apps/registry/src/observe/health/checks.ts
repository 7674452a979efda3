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

/** As many as Go's HTTP client follows. */
const MAXIMUM_REDIRECTS = 10;

/**
 * Asks by HEAD, following redirects; fails when the status is another, or none comes in time. Another origin is asked without the
 * headers, which may prove who asks.
 */
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
  const status = await headStatus(url, { headers: sent, signal }).catch((cause) => {
    throw new Error(`no answer: ${reasonOf(cause)}`, { cause });
  });
  if (status !== statuscode) throw new Error(`unexpected status: ${status}`);
}

async function headStatus(
  first: URL,
  { headers, signal }: { readonly headers: Headers; readonly signal: AbortSignal },
): Promise<number> {
  let url = first;
  for (let redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects++) {
    const own = url.origin === first.origin ? { headers } : {};
    const answer = await fetch(url, { ...own, method: 'HEAD', redirect: 'manual', signal });
    const location = answer.headers.get('Location');
    if (!REDIRECTS.has(answer.status) || location === null) return answer.status;
    url = new URL(location, url);
    [url.username, url.password] = ['', ''];
  }
  throw new Error('too many redirects');
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

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
