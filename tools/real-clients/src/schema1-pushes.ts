import { digestOf } from '@purser/registry-under-test';
import type { Outcome } from './outcome.ts';
import {
  generateSigningKey,
  SCHEMA1,
  schema1Document,
  signDocument,
  type DocumentParts,
} from './signed-manifest.ts';

/** A schema 1 manifest that a registry may or may not take, pushed to `checked/app` under the tag `v1`. */
export interface Schema1Push {
  readonly title: string;
  readonly body: Buffer;
  readonly contentType?: string | undefined;
  /** When it is not pushed by the tag. */
  readonly reference?: string | undefined;
  /** What Purser answers. */
  readonly ours: Outcome;
  /** What distribution 2.8 answers. */
  readonly theirs: Outcome;
}

const REPOSITORY = 'checked/app';
const TAG = 'v1';
const TAKEN: Outcome = [201];
const UNVERIFIED: Outcome = [400, 'MANIFEST_UNVERIFIED'];
const INVALID: Outcome = [400, 'MANIFEST_INVALID'];
const ABSENT = `sha256:${'0'.repeat(64)}`;

const [key, otherKey] = [generateSigningKey(), generateSigningKey()];

/** Manifests with one or two layers of these digests, which are there. */
export function schema1Pushes([first, second]: readonly [string, string]): readonly Schema1Push[] {
  const parts = { repository: REPOSITORY, tag: TAG, layers: [first, second] };
  const document = schema1Document(parts);
  const good = signDocument(document, [key]);
  return [
    ...takenPushes(document, good),
    ...brokenSignatures(document, parts),
    ...wrongDocuments(document, parts),
  ];
}

/** The same manifest, sent in the ways that clients send it. */
function takenPushes(document: string, good: Buffer): readonly Schema1Push[] {
  const taken = { body: good, ours: TAKEN, theirs: TAKEN };
  return [
    { ...taken, title: 'a signed manifest' },
    {
      ...taken,
      title: 'with the unsigned media type',
      contentType: SCHEMA1.replace('prettyjws', 'json'),
    },
    { ...taken, title: 'as application/json', contentType: 'application/json; charset=utf-8' },
    { ...taken, title: 'without a media type', contentType: '' },
    { ...taken, title: 'by its digest', reference: digestOf(Buffer.from(document)) },
    {
      title: 'by the digest of the document with its signatures',
      body: good,
      reference: digestOf(good),
      ours: [400, 'DIGEST_INVALID'],
      theirs: [400, 'DIGEST_INVALID'],
    },
    { ...taken, title: 'with two signatures', body: signDocument(document, [key, otherKey]) },
  ];
}

function brokenSignatures(document: string, parts: DocumentParts): readonly Schema1Push[] {
  const good = signDocument(document, [key]).toString();
  const double = signDocument(document, [key, otherKey]).toString();
  const ofAnother = signDocument(schema1Document({ ...parts, tag: 'v2' }), [key]).toString();
  const unverified = { ours: UNVERIFIED, theirs: UNVERIFIED };
  return [
    {
      ...unverified,
      title: 'with the signature of another document',
      body: Buffer.from(good.replace(signatureIn(good), signatureIn(ofAnother))),
    },
    {
      ...unverified,
      title: 'with one signature that holds and one that does not',
      body: Buffer.from(double.replace(signatureIn(double), signatureIn(ofAnother))),
    },
    {
      ...unverified,
      title: 'with an altered document',
      body: Buffer.from(good.replace('"amd64"', '"arm64"')),
    },
    {
      title: 'without signatures',
      body: Buffer.from(document),
      ours: UNVERIFIED,
      theirs: INVALID,
    },
  ];
}

function wrongDocuments(document: string, parts: DocumentParts): readonly Schema1Push[] {
  const signed = (change: Partial<DocumentParts>) =>
    signDocument(schema1Document({ ...parts, ...change }), [key]);
  const shortHistory = document.replace(/,\s*\{\s*"v1Compatibility": "[^\n]*\n\s*\}/, '');
  const missing: Outcome = [400, 'MANIFEST_BLOB_UNKNOWN'];
  return [
    {
      title: 'with a layer that is not there',
      body: signed({ layers: [...parts.layers, ABSENT] }),
      ours: missing,
      theirs: missing,
    },
    // Distribution documents that it compares the name and the tag, and does not.
    {
      title: 'of another repository',
      body: signed({ repository: 'checked/other' }),
      ours: [400, 'NAME_INVALID'],
      theirs: TAKEN,
    },
    { title: 'of another tag', body: signed({ tag: 'v2' }), ours: INVALID, theirs: TAKEN },
    { title: 'without layers', body: signed({ layers: [] }), ours: INVALID, theirs: TAKEN },
    {
      title: 'with less history than layers',
      body: signDocument(shortHistory, [key]),
      ours: INVALID,
      theirs: [500, 'UNKNOWN', 'UNKNOWN'],
    },
  ];
}

/** The first signature in a signed document. */
function signatureIn(signed: string): string {
  const { signatures } = JSON.parse(signed) as { signatures: [{ readonly signature: string }] };
  return signatures[0].signature;
}
