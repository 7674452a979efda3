import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

/** The media type of Docker's schema 1 with its signatures. */
export const SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/** A schema 1 manifest, read without any code of the registries that are tried. */
export interface SignedManifest {
  /** What is signed: the document without its signatures. */
  readonly payload: Buffer;
  /** With what each signature is made. None of them is wrong. */
  readonly signers: readonly Signer[];
}

interface Signer {
  readonly jwk: JsonWebKey;
  readonly alg: string;
}

interface Signature {
  readonly header: Signer;
  readonly signature: string;
  readonly protected: string;
}

interface Protected {
  readonly formatLength: number;
  readonly formatTail: string;
}

/** @throws Error when it has no signatures, they are of different payloads, or one does not hold. */
export function readSignedManifest(body: Buffer): SignedManifest {
  const { signatures } = JSON.parse(body.toString()) as { readonly signatures: Signature[] };
  const [payload, ...others] = signatures.map((signature) => verifiedPayload(body, signature));
  if (payload === undefined) throw new Error('a manifest without signatures');
  if (!others.every((other) => other.equals(payload))) throw new Error('several payloads');
  return { payload, signers: signatures.map(({ header }) => header) };
}

function verifiedPayload(body: Buffer, signature: Signature): Buffer {
  const text = Buffer.from(signature.protected, 'base64url').toString();
  const { formatLength, formatTail } = JSON.parse(text) as Protected;
  const tail = Buffer.from(formatTail, 'base64url');
  const payload = Buffer.concat([body.subarray(0, formatLength), tail]);
  const key = createPublicKey({ key: signature.header.jwk, format: 'jwk' });
  const holds = verify(
    // Of `ES384`, the number.
    `sha${signature.header.alg.slice(2)}`,
    signingInput(signature.protected, payload),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature.signature, 'base64url'),
  );
  if (!holds) throw new Error('a signature that does not hold');
  return payload;
}

/** What clients sign with. */
export type SigningKey = KeyObject;

export function generateSigningKey(): SigningKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** The members that a schema 1 document has here. */
export interface DocumentParts {
  readonly repository: string;
  readonly tag: string;
  /** Digests, the newest first. */
  readonly layers: readonly string[];
}

/** A schema 1 document as clients of its time wrote it, without signatures. */
export function schema1Document({ repository, tag, layers }: DocumentParts): string {
  const history = layers.map((_, age) => ({
    v1Compatibility: JSON.stringify({ id: `${age}`.padStart(64, '0') }),
  }));
  const document = {
    schemaVersion: 1,
    name: repository,
    tag,
    architecture: 'amd64',
    fsLayers: layers.map((blobSum) => ({ blobSum })),
    history,
  };
  return JSON.stringify(document, null, 3);
}

/** Adds signatures to a document of this form, one with each key. */
export function signDocument(document: string, keys: readonly SigningKey[]): Buffer {
  const payload = Buffer.from(document);
  const head = document.slice(0, -TAIL.length);
  const format = {
    formatLength: Buffer.byteLength(head),
    formatTail: Buffer.from(TAIL).toString('base64url'),
    time: '2016-01-02T03:04:05Z',
  };
  const protectedText = Buffer.from(JSON.stringify(format)).toString('base64url');
  const signatures = keys.map((key) => ({
    header: { jwk: publicJwk(key), alg: 'ES256' },
    signature: sign('sha256', signingInput(protectedText, payload), {
      key,
      dsaEncoding: 'ieee-p1363',
    }).toString('base64url'),
    protected: protectedText,
  }));
  const indentedList = JSON.stringify(signatures, null, 3).replaceAll('\n', '\n   ');
  return Buffer.from(`${head},\n   "signatures": ${indentedList}${TAIL}`);
}

/** How a document with line breaks ends. */
const TAIL = '\n}';

function signingInput(protectedText: string, payload: Buffer): Buffer {
  return Buffer.from(`${protectedText}.${payload.toString('base64url')}`);
}

function publicJwk(key: SigningKey): JsonWebKey {
  const publicKey = createPublicKey(key);
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return { crv, kid: keyIdOf(publicKey), kty, x, y } as JsonWebKey;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The first 30 bytes of the key's sha256 in base 32: 12 groups of four letters. */
function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(der).digest().subarray(0, 30);
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = bits.replaceAll(/.{5}/g, (five) => BASE32[Number.parseInt(five, 2)]!);
  return letters.match(/.{4}/g)!.join(':');
}
