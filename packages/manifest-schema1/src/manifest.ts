import {
  invalidMember,
  isDigest,
  isObject,
  isPresent,
  isTag,
  MAXIMUM_NAME_LENGTH,
  parseReference,
  type Digest,
  type JsonObject,
  type Manifest,
  type ManifestClaims,
  type ManifestReference,
} from '@purser/core';
import { insertSignatures } from './canonical-payload.ts';
import { SCHEMA1_LAYER, SCHEMA1_SIGNED_MANIFEST } from './media-types.ts';
import { encodeSignature, type Signature } from './signature.ts';

/** What a document says, without its signatures. */
export type Schema1Content = Pick<Manifest, 'references'> & { readonly claims: ManifestClaims };

/** Whether a document without a media type is of schema 1. */
export function isSchema1(document: JsonObject): boolean {
  return document['schemaVersion'] === 1 && 'fsLayers' in document && !isOtherKind(document);
}

/** What a reader of another format would look for: CVE-2021-41190. */
const OTHER_KINDS = /^(?:config|layers|manifests)$/iu;

/** The names that mean something. */
const MEMBERS = [
  'schemaVersion',
  'mediaType',
  'name',
  'tag',
  'architecture',
  'fsLayers',
  'history',
  'signatures',
];
const ENTRY_MEMBERS = ['blobSum', 'v1Compatibility'];

function isOtherKind(document: JsonObject): boolean {
  return Object.keys(document).some((name) => OTHER_KINDS.test(name) && isPresent(document[name]));
}

/**
 * Reads what is pushed.
 *
 * @throws RegistryError `MANIFEST_INVALID`, naming the member that is wrong.
 * @see distribution 2.8, manifest/schema1/manifest.go and registry/storage/signedmanifesthandler.go.
 */
export function parseContent(document: JsonObject): Schema1Content {
  checkVersion(document);
  if (isOtherKind(document)) throw invalidMember('schemaVersion', 'is 1, but members are of 2');
  refuseOtherSpellings(document, MEMBERS);
  const architecture = document['architecture'] ?? '';
  if (typeof architecture !== 'string') throw invalidMember('architecture', 'must be text');
  const references = parseReferences(document);
  checkHistory(document, references.length);
  return { claims: parseClaims(document), references };
}

/**
 * Tells a document of another schema, which is sent as `application/json` or without a type, from one that lacks its
 * signatures.
 *
 * @throws RegistryError `MANIFEST_INVALID`.
 */
export function checkVersion({ schemaVersion }: JsonObject): void {
  if (schemaVersion === 1) return;
  throw invalidMember('schemaVersion', 'must be the number 1 in what is sent as schema 1');
}

/** Go would read a known name in any letter case, and take it for the member itself. */
function refuseOtherSpellings(object: JsonObject, names: readonly string[]): void {
  const anyCase = new RegExp(`^(?:${names.join('|')})$`, 'iu');
  const found = Object.keys(object).find((name) => anyCase.test(name) && !names.includes(name));
  if (found !== undefined) throw invalidMember(found, 'is another spelling of a known member');
}

/** Newest layer first, one as often as it is there, as distribution gives them. Their sizes are not known. */
export function parseReferences(document: JsonObject): readonly ManifestReference[] {
  return parseEntries(document, 'fsLayers').map((entry, index) => {
    const blobSum = entry['blobSum'];
    if (typeof blobSum !== 'string' || !isDigest(blobSum)) {
      throw invalidMember(`fsLayers[${index}].blobSum`, 'must be a digest');
    }
    return layerReference(blobSum);
  });
}

export function layerReference(digest: Digest): ManifestReference {
  const descriptor = { mediaType: SCHEMA1_LAYER, digest, size: 0 };
  return { kind: 'blob', descriptor, foreign: false };
}

function parseEntries(document: JsonObject, member: string): readonly JsonObject[] {
  const list = document[member] ?? [];
  if (!Array.isArray(list) || !list.every(isObject)) {
    throw invalidMember(member, 'must be a list of objects');
  }
  for (const entry of list) refuseOtherSpellings(entry, ENTRY_MEMBERS);
  return list;
}

function checkHistory(document: JsonObject, layers: number): void {
  const history = parseEntries(document, 'history');
  if (layers === 0) throw invalidMember('fsLayers', 'must name a layer');
  if (history.length !== layers) {
    throw invalidMember('history', `has ${history.length} entries for ${layers} layers`);
  }
  const wrong = history.findIndex(({ v1Compatibility }) => typeof v1Compatibility !== 'string');
  if (wrong !== -1) throw invalidMember(`history[${wrong}].v1Compatibility`, 'must be text');
}

/** They need not be where the document is pushed to. A tag may be missing, and the name may begin with a host. */
function parseClaims(document: JsonObject): ManifestClaims {
  const { name, tag = '' } = document;
  if (typeof name !== 'string' || !isName(name)) {
    throw invalidMember('name', 'must be the name of a repository');
  }
  if (typeof tag !== 'string' || (tag !== '' && !isTag(tag))) {
    throw invalidMember('tag', 'must be a tag, or empty');
  }
  return { repository: name, tag };
}

function isName(text: string): boolean {
  if (text.length > MAXIMUM_NAME_LENGTH) return false;
  try {
    const { tag, digest } = parseReference(text);
    return tag === undefined && digest === undefined;
  } catch {
    return false;
  }
}

/** What a stored document claims, if it does. */
export function readClaims({ name, tag }: JsonObject): ManifestClaims {
  return {
    repository: typeof name === 'string' ? name : '',
    tag: typeof tag === 'string' ? tag : '',
  };
}

/** The manifest that a document and its signatures make, in libtrust's form. */
export function assembleManifest(
  canonical: Uint8Array,
  content: Schema1Content,
  signatures: readonly Signature[],
): Manifest {
  return {
    mediaType: SCHEMA1_SIGNED_MANIFEST,
    payload: insertSignatures(
      canonical,
      signatures.map(({ members }) => members),
    ),
    ...content,
    canonical,
    detached: signatures.map(encodeSignature),
  };
}
