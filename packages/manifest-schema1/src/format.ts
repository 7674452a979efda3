import type { JsonObject, Manifest, ManifestFormat } from '@purser/core';
import { extractCanonical, isSameFrame } from './canonical-payload.ts';
import { invalid, unverified } from './complaint.ts';
import {
  assembleManifest,
  checkVersion,
  isSchema1,
  parseContent,
  parseReferences,
  readClaims,
} from './manifest.ts';
import { SCHEMA1_MANIFEST, SCHEMA1_SIGNED_MANIFEST } from './media-types.ts';
import {
  createVerifier,
  encodeSignature,
  parseSignature,
  sortSignatures,
  type Signature,
} from './signature.ts';
import { signCanonical, type Signer } from './signing.ts';
import { identityOf, selectSignatures } from './stored-signatures.ts';

export interface Schema1FormatOptions extends Signer {
  /** The most signatures of one manifest that are accepted or served: an integer, 1 or more. Default 16. */
  readonly maximumSignatures?: number | undefined;
}

/** Clients of Docker's engine make one. */
const DEFAULT_MAXIMUM_SIGNATURES = 16;

/**
 * Signed schema 1 manifests, also when they are sent as `application/json` or without a type.
 *
 * `decode` accepts what its signatures, all of them, hold for. Whose they are is for clients to judge.
 * `decodeStored` gives the signatures that were kept, and signs what is left with none by `signingKey`: the bytes then
 * differ from answer to answer, for ECDSA is randomised, and the digest does not.
 *
 * @throws RangeError when `maximumSignatures` is not a positive integer.
 * @see distribution 2.8, registry/storage/signedmanifesthandler.go; libtrust, jsonsign.go.
 */
export function createSchema1Format(options: Schema1FormatOptions): ManifestFormat {
  const { maximumSignatures = DEFAULT_MAXIMUM_SIGNATURES } = options;
  if (!Number.isSafeInteger(maximumSignatures) || maximumSignatures < 1) {
    throw new RangeError('maximumSignatures must be a positive integer');
  }
  return {
    mediaType: SCHEMA1_SIGNED_MANIFEST,
    alsoSentAs: [SCHEMA1_MANIFEST, 'application/json', ''],
    recognizes: isSchema1,

    decode(payload, document) {
      checkVersion(document);
      return decodePushed(payload, parseSignatures(document, maximumSignatures));
    },

    decodeStored(canonical, document, detached) {
      if (Object.hasOwn(document, 'signatures')) {
        throw invalid('the stored manifest is kept together with its signatures');
      }
      const content = { claims: readClaims(document), references: parseReferences(document) };
      const kept = selectSignatures(canonical, detached, maximumSignatures);
      const signatures = kept.length > 0 ? kept : [signCanonical(canonical, options)];
      return assembleManifest(canonical, content, signatures);
    },
  };
}

/**
 * Stands in for schema 1 where it is switched off: it knows such manifests and refuses them. It leaves
 * `application/json` and pushes without a type to others.
 *
 * `decode` and `decodeStored` throw RegistryError `MANIFEST_INVALID` with `reason`.
 *
 * @param reason What the client is told.
 */
export function refuseSchema1(reason: string): ManifestFormat {
  const refuse = (): never => {
    throw invalid(reason);
  };
  return {
    mediaType: SCHEMA1_SIGNED_MANIFEST,
    alsoSentAs: [SCHEMA1_MANIFEST],
    recognizes: isSchema1,
    decode: refuse,
    decodeStored: refuse,
  };
}

type Signatures = readonly [Signature, ...Signature[]];

function parseSignatures({ signatures }: JsonObject, maximum: number): Signatures {
  if (signatures === undefined) throw unverified('the manifest is not signed');
  if (!Array.isArray(signatures)) throw invalid('signatures is not a list');
  if (signatures.length > maximum) throw invalid(`there are more than ${maximum} signatures`);
  const [first, ...rest] = signatures.map(parseSignature);
  if (first === undefined) throw unverified('the manifest is not signed: signatures is empty');
  if (rest.some(({ frame }) => !isSameFrame(frame, first.frame))) {
    throw invalid('the signatures do not agree on formatLength and formatTail');
  }
  const all: Signatures = [first, ...rest];
  if (new Set(all.map(identityOf)).size < all.length) throw invalid('a signature is there twice');
  return all;
}

function decodePushed(payload: Uint8Array, signatures: Signatures): Manifest {
  const { bytes, document } = extractCanonical(payload, signatures[0].frame);
  const content = parseContent(document);
  if (!signatures.every(createVerifier(bytes))) {
    throw unverified('a signature does not hold for the manifest');
  }
  return {
    mediaType: SCHEMA1_SIGNED_MANIFEST,
    payload,
    ...content,
    canonical: bytes,
    detached: sortSignatures(signatures).map(encodeSignature),
  };
}
