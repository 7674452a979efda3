import { OCTET_STREAM, parseDescriptor, type Descriptor } from './descriptor.ts';
import { RegistryError } from './errors.ts';
import type { ManifestReference } from './manifest.ts';
import { isObject, type JsonObject } from './strict-json.ts';

/**
 * Refuses a document that another reader could take for the other kind of manifest: CVE-2021-41190. A member that is
 * null counts as absent, and the expression had better ignore case, for that is how Go reads JSON.
 *
 * @param members Matches the names that only the other kind has.
 * @throws RegistryError `MANIFEST_INVALID`.
 */
export function refuseOtherKind(document: JsonObject, members: RegExp): void {
  const found = Object.keys(document).find(
    (name) => members.test(name) && isPresent(document[name]),
  );
  if (found !== undefined) throw invalidMember(found, 'makes this an image and an index at once');
}

/** Whether a member is there: Go writes one that is not as null. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/**
 * Whether a document is an image and an index at once, so that two readers may take it for two things: CVE-2021-41190.
 * Member names are compared without case, as Go does.
 */
export function isTwoKinds(document: JsonObject): boolean {
  const has = (members: RegExp) =>
    Object.keys(document).some((name) => members.test(name) && isPresent(document[name]));
  return has(/^manifests$/iu) && has(/^(?:config|layers)$/iu);
}

/**
 * Reads a descriptor, with defaults for the members that the Go types of distribution leave out when they are empty:
 * `size`, `mediaType`, and the parts of `platform`.
 *
 * @throws RegistryError `MANIFEST_INVALID`, naming the member that is wrong.
 * @see distribution 2.8, blobs.go, `Descriptor`.
 */
function parseReferenced(value: unknown, where: string): Descriptor {
  if (!isObject(value)) return parseDescriptor(value, where);
  const { mediaType, size, platform } = value;
  const omitted = {
    ...(mediaType === undefined && { mediaType: OCTET_STREAM }),
    ...(size === undefined && { size: 0 }),
    ...(isObject(platform) && { platform: { architecture: '', os: '', ...platform } }),
  };
  return parseDescriptor({ ...value, ...omitted }, where);
}

/**
 * Reads a list of descriptors. Go writes an empty one as null, or leaves it out.
 *
 * @throws RegistryError `MANIFEST_INVALID`, naming the entry and the member that is wrong.
 */
function parseDescriptorList(document: JsonObject, member: string): readonly Descriptor[] {
  const list = document[member] ?? [];
  if (!Array.isArray(list)) throw invalidMember(member, 'must be a list of descriptors');
  return list.map((entry, index) => parseReferenced(entry, `${member}[${index}]`));
}

/**
 * What an image refers to: its `config`, then its `layers`.
 *
 * @param isForeign Whether the content of layers of a media type may live elsewhere.
 * @throws RegistryError `MANIFEST_INVALID`, naming the member that is wrong.
 */
export function parseImageReferences(
  document: JsonObject,
  isForeign: (mediaType: string) => boolean,
): readonly [config: ManifestReference, ...layers: ManifestReference[]] {
  const config = parseReferenced(document['config'], 'config');
  const layers = parseDescriptorList(document, 'layers');
  return [
    { kind: 'blob', descriptor: config, foreign: false },
    ...layers.map((descriptor): ManifestReference => ({
      kind: 'blob',
      descriptor,
      foreign: isForeign(descriptor.mediaType),
    })),
  ];
}

/** Media types of layers and configs, of OCI, Docker and BuildKit. */
const BLOB =
  /^application\/vnd\.(?:oci\.image\.(?:config|layer)|docker\.(?:container\.image|image\.rootfs)|buildkit\.cacheconfig)\./;
const FOREIGN_BLOB = /\.(?:foreign|nondistributable)\./;

/**
 * The references of an index: its `manifests`. A member is a manifest, unless its media type is that of a layer or a config:
 * BuildKit stores a build cache as an index of them.
 *
 * @throws RegistryError `MANIFEST_INVALID`, naming the member that is wrong.
 * @see BuildKit, "Registry cache", `image-manifest=false`.
 */
export function parseIndexReferences(document: JsonObject): readonly ManifestReference[] {
  const members = parseDescriptorList(document, 'manifests');
  return members.map((descriptor) => {
    const isBlob = BLOB.test(descriptor.mediaType);
    return {
      kind: isBlob ? 'blob' : 'manifest',
      descriptor,
      foreign: isBlob && FOREIGN_BLOB.test(descriptor.mediaType),
    };
  });
}

/** The error for a member of a manifest. */
export function invalidMember(member: string, complaint: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', {
    message: `${member} ${complaint}`,
    detail: { member },
  });
}
