import { createHash } from 'node:crypto';

export interface SignedUrlOptions {
  readonly endpoint: string;
  readonly bucket: string;
  readonly key: string;
  readonly method: 'GET' | 'HEAD';
  readonly now: Date;
}

/** How long a URL works, in seconds: 20 minutes, as with distribution. */
const LIFETIME_SECONDS = 20 * 60;

const ALGORITHM = 'GOOG4-RSA-SHA256';

/** Signs in the name of a service account. */
export interface UrlSigner {
  /** Its e-mail address; `undefined` when the credentials are nobody's. */
  accountOf(): Promise<string | undefined>;
  /** RSA with SHA-256. */
  sign(text: string): Promise<Uint8Array>;
}

/**
 * Makes a URL that works for one method, without credentials. The client library signs no `HEAD`.
 *
 * @returns `undefined` when the credentials name no service account to sign as.

 * @see Cloud Storage documentation, "V4 signing process with your own program".
 */
export async function signUrl(
  signer: UrlSigner,
  options: SignedUrlOptions,
): Promise<URL | undefined> {
  const { endpoint, bucket, key, method, now } = options;
  const account = await signer.accountOf();
  if (account === undefined) return undefined;
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
  const url = new URL(`${endpoint}/${bucket}/${key.split('/').map(encodeName).join('/')}`);
  // In the order of their names, as they are signed.
  url.search = new URLSearchParams({
    'X-Goog-Algorithm': ALGORITHM,
    'X-Goog-Credential': `${account}/${scope}`,
    'X-Goog-Date': time,
    'X-Goog-Expires': String(LIFETIME_SECONDS),
    'X-Goog-SignedHeaders': 'host',
  }).toString();
  const request = [
    method,
    url.pathname,
    url.search.slice(1),
    `host:${url.host}`,
    '',
    'host',
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const hash = createHash('sha256').update(request).digest('hex');
  const signature = await signer.sign([ALGORITHM, time, scope, hash].join('\n'));
  url.searchParams.set('X-Goog-Signature', Buffer.from(signature).toString('hex'));
  return url;
}

/** The service signs these five percent-encoded as well. */
function encodeName(name: string): string {
  const encode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(name).replaceAll(/[!'()*]/g, encode);
}
