import { verify } from 'node:crypto';
import { isObject, parseStrictJsonObject, type JsonObject } from '@purser/core';
import { decodeBase64Url, encodeBase64Url } from './base64.ts';
import { isTail, type Frame } from './canonical-payload.ts';
import { invalid, unverified } from './complaint.ts';
import { encodeGoJson, type GoMembers } from './go-json.ts';
import { parseCertificateKey, parsePublicKey, type PublicKey } from './key.ts';

/** One signature of a document, which may or may not hold. */
export interface Signature {
  readonly key: PublicKey;
  /** `ES256` and the like: one that the key can be used with. */
  readonly algorithm: string;
  readonly frame: Frame;
  /** As libtrust writes it, member by member. */
  readonly members: GoMembers;
  /** base64url. */
  readonly text: string;
  /** base64url of the protected header, which is signed too. */
  readonly protected: string;
}

/** In bytes of JSON: about three times a chain of eight certificates. */
export const MAXIMUM_SIGNATURE_SIZE = 64 * 1024;

/** In characters; libtrust's has less than 150. */
const MAXIMUM_PROTECTED = 4096;
const MAXIMUM_CHAIN = 8;

/**
 * Reads a signature, without verifying it.
 *
 * @throws RegistryError `MANIFEST_INVALID` when it is malformed; `MANIFEST_UNVERIFIED` when its key or its algorithm
 * is none that signatures are verified with, or they do not fit.
 * @see libtrust, jsonsign.go, `ParsePrettySignature`.
 */
export function parseSignature(value: unknown): Signature {
  if (!isObject(value)) throw invalid('a signature is not an object');
  if (JSON.stringify(value).length > MAXIMUM_SIGNATURE_SIZE)
    throw invalid('a signature is too long');
  const { header, signature: text, protected: protectedText } = value;
  if (!isObject(header) || typeof text !== 'string' || typeof protectedText !== 'string') {
    throw invalid('a signature lacks its header, signature or protected header');
  }
  const protectedHeader = parseProtected(protectedText);
  const frame = parseFrame(protectedHeader);
  const { key, members } = parseKey(header);
  const algorithm = parseAlgorithm(header, { protectedHeader, key });
  if (decodeBase64Url(text)?.length !== key.signatureLength) {
    throw unverified(`a signature is not ${key.signatureLength} bytes long`);
  }
  return {
    key,
    algorithm,
    frame,
    text,
    protected: protectedText,
    members: signatureMembers({ header: members, signature: text, protected: protectedText }),
  };
}

interface SignatureParts {
  readonly header: GoMembers;
  readonly signature: string;
  readonly protected: string;
}

/** The members of a signature in libtrust's order. */
export function signatureMembers(parts: SignatureParts): GoMembers {
  return new Map<string, GoMembers | string>([
    ['header', parts.header],
    ['signature', parts.signature],
    ['protected', parts.protected],
  ]);
}

function parseProtected(text: string): JsonObject {
  const bytes = text.length > MAXIMUM_PROTECTED ? undefined : decodeBase64Url(text);
  if (bytes === undefined) throw invalid('a protected header is too long, or not base64url');
  return parseStrictJsonObject(bytes);
}

function parseFrame({ formatLength, formatTail }: JsonObject): Frame {
  if (!Number.isSafeInteger(formatLength) || (formatLength as number) < 1) {
    throw invalid('formatLength is missing, or not a positive integer');
  }
  const bytes = typeof formatTail === 'string' ? decodeBase64Url(formatTail) : undefined;
  const tail = bytes === undefined ? '' : Buffer.from(bytes).toString('latin1');
  if (!isTail(tail)) throw invalid('formatTail is missing, or not the end of an object');
  return { length: formatLength as number, tail };
}

interface ParsedKey {
  readonly key: PublicKey;
  /** Of the header. */
  readonly members: GoMembers;
}

/** A certificate counts, as in libtrust; a key beside it must be the same. */
function parseKey(header: JsonObject): ParsedKey {
  const jwk = isObject(header['jwk']) ? parsePublicKey(header['jwk']) : undefined;
  const chain = parseChain(header['x5c'] ?? undefined);
  const certified = chain === undefined ? undefined : parseCertificateKey(chain[0]);
  const key = certified ?? jwk;
  if (key === undefined) throw unverified('a signature comes without a key');
  if (jwk !== undefined && jwk.id !== key.id) {
    throw unverified('the key of a signature is not the one of its certificate');
  }
  return {
    key,
    members: new Map<string, GoMembers | PublicKey['jwk'] | string | readonly string[] | undefined>(
      [
        ['jwk', jwk?.jwk],
        ['alg', String(header['alg'])],
        ['x5c', chain],
      ],
    ),
  };
}

function parseChain(value: unknown): readonly [string, ...string[]] | undefined {
  if (value === undefined) return undefined;
  if (!isTextList(value)) throw invalid('x5c is not a list of certificates');
  if (value.length > MAXIMUM_CHAIN)
    throw invalid(`x5c has more than ${MAXIMUM_CHAIN} certificates`);
  const [first, ...rest] = value;
  return first === undefined ? undefined : [first, ...rest];
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

interface AlgorithmPlace {
  readonly protectedHeader: JsonObject;
  readonly key: PublicKey;
}

/** The key says which algorithms there can be, never the header alone: `none` and `HS256` are none of them. */
function parseAlgorithm(header: JsonObject, { protectedHeader, key }: AlgorithmPlace): string {
  const { alg } = header;
  if (typeof alg !== 'string' || !key.hashes.has(alg)) {
    throw unverified(`the algorithm of a signature is not ${[...key.hashes.keys()].join(', ')}`);
  }
  if (protectedHeader['alg'] !== undefined && protectedHeader['alg'] !== alg) {
    throw unverified('the algorithm of a signature is not the one that its protected header says');
  }
  if (protectedHeader['crit'] !== undefined) {
    throw unverified('a protected header demands what is not understood here');
  }
  return alg;
}

/** The bytes that are signed. */
export function signingInput(protectedText: string, encodedPayload: string): Uint8Array {
  return Buffer.from(`${protectedText}.${encodedPayload}`);
}

/** Tells whether signatures hold for a document. */
export function createVerifier(canonical: Uint8Array): (signature: Signature) => boolean {
  const encodedPayload = encodeBase64Url(canonical);
  return (signature) => holds(signature, signingInput(signature.protected, encodedPayload));
}

function holds({ key, algorithm, text }: Signature, input: Uint8Array): boolean {
  const keyInput = { key: key.object, dsaEncoding: 'ieee-p1363' } as const;
  try {
    return verify(key.hashes.get(algorithm), input, keyInput, Buffer.from(text, 'base64url'));
  } catch {
    // A key can look right and still be one that nothing can be computed with.
    return false;
  }
}

/** Sorts signatures as libtrust does: by the id of the key, then by the signature. */
export function sortSignatures(signatures: readonly Signature[]): readonly Signature[] {
  const order = ({ key, text, protected: header }: Signature) => [key.id, text, header].join('\0');
  return signatures.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** One signature as it is kept beside its document: what libtrust's `Signatures` gives. */
export function encodeSignature({ members }: Signature): Uint8Array {
  return Buffer.from(encodeGoJson(members));
}
