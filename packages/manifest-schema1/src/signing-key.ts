import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { isObject } from '@purser/core';
import { parsePublicKey, type PublicKey } from './key.ts';

/** A key that manifests are signed with. It does not show its private half. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  /** `ES256`, `ES384`, `ES512` or `RS256`. */
  readonly algorithm: string;
  sign(input: Uint8Array): Uint8Array;
}

/** Makes a P-256 key, as distribution does for each of its processes when it is given none. */
export function generateSigningKey(): SigningKey {
  return createSigningKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/**
 * Reads a key as libtrust keeps it: PEM, also with libtrust's headers, or a JWK. PKCS #8 is read too.
 *
 * @throws TypeError when it is a public or an encrypted key, none at all, or not EC (P-256, P-384, P-521) or RSA (1024
 * to 8192 bits). The message says nothing of the key.
 * @see libtrust, key_files.go, `LoadKeyFile`.
 */
export function loadSigningKey(text: string): SigningKey {
  return text.trimStart().startsWith('{') ? loadJwk(text) : loadPem(text);
}

function loadJwk(text: string): SigningKey {
  const jwk = parseJwk(text);
  if (jwk['d'] === undefined) throw new TypeError('a public key cannot sign: give the private key');
  const key = createSigningKey(importKey(() => createPrivateKey({ key: jwk, format: 'jwk' })));
  if (jwk['kid'] !== undefined && jwk['kid'] !== key.publicKey.id) {
    throw new TypeError('the signing key is not the one that its kid names');
  }
  return key;
}

function parseJwk(text: string): Readonly<Record<string, string>> {
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    // The parser's own message would quote the key.
    throw new TypeError('the signing key is neither PEM nor JSON');
  }
  if (!isObject(jwk)) throw new TypeError('the signing key is not a JWK');
  return jwk as Readonly<Record<string, string>>;
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----/gs;

/** What stands in a block of each label. */
const PRIVATE_LABELS = new Map([
  ['EC PRIVATE KEY', 'sec1'],
  ['RSA PRIVATE KEY', 'pkcs1'],
  ['PRIVATE KEY', 'pkcs8'],
] as const);

type PrivateLabel = typeof PRIVATE_LABELS extends ReadonlyMap<infer Label, unknown> ? Label : never;

function loadPem(text: string): SigningKey {
  const blocks = [...text.matchAll(PEM_BLOCK)];
  // OpenSSL writes EC PARAMETERS before a key.
  const block = blocks.find(([, label]) => PRIVATE_LABELS.has(label as PrivateLabel));
  const type = PRIVATE_LABELS.get(block?.[1] as PrivateLabel);
  if (block === undefined || type === undefined) throw new TypeError(complaintAbout(blocks));
  const key = Buffer.from(bodyOf(block[2] ?? ''), 'base64');
  return createSigningKey(importKey(() => createPrivateKey({ key, format: 'der', type })));
}

function complaintAbout(blocks: readonly RegExpExecArray[]): string {
  const labels = blocks.map(([, label]) => label);
  if (labels.includes('PUBLIC KEY')) return 'a public key cannot sign: give the private key';
  if (labels.includes('ENCRYPTED PRIVATE KEY')) return ENCRYPTED;
  return 'the signing key is neither PEM of a private key nor a JWK';
}

const ENCRYPTED = 'the signing key is encrypted: give it without a passphrase';

/** What follows the headers, which OpenSSL would take for those of an encrypted key. */
function bodyOf(content: string): string {
  const [body = '', ...headers] = content
    .trim()
    .split(/\r?\n[ \t]*\r?\n/)
    .toReversed();
  if (headers.some((header) => header.includes('ENCRYPTED'))) throw new TypeError(ENCRYPTED);
  return body;
}

function importKey(create: () => KeyObject): KeyObject {
  try {
    return create();
  } catch (error) {
    throw new TypeError('the signing key cannot be read', { cause: error });
  }
}

function createSigningKey(privateKey: KeyObject): SigningKey {
  const publicKey = readPublicKey(privateKey);
  const [[algorithm, hash] = ['', '']] = publicKey.hashes;
  const key: SigningKey = {
    publicKey,
    algorithm,
    sign: (input) => sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
  const probe = Buffer.from('probe');
  const verifying = { key: publicKey.object, dsaEncoding: 'ieee-p1363' } as const;
  if (verify(hash, probe, verifying, key.sign(probe))) return key;
  throw new TypeError('the two halves of the signing key do not belong together');
}

function readPublicKey(privateKey: KeyObject): PublicKey {
  try {
    return parsePublicKey({ ...createPublicKey(privateKey).export({ format: 'jwk' }) });
  } catch (error) {
    const { message } = error as Error;
    throw new TypeError(`the signing key cannot be used: ${message}`, { cause: error });
  }
}
