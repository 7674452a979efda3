/**
 * The contracts and words every other package of a Purser registry speaks: digests, names, descriptors, manifests,
 * blobs, tags, access, errors, routes.
 *
 * ```ts
 * import { normalizeReference } from '@purser/core';
 *
 * normalizeReference('debian:12'); // { domain: 'docker.io', path: 'library/debian', tag: '12', … }
 * ```
 *
 * @packageDocumentation
 */
export {
  allowAll,
  type Access,
  type AccessController,
  type AccessRefusal,
  type AccessRequest,
  type Caller,
  type ClientCertificate,
  type RepositoryAction,
  type RequestHeaders,
} from './access.ts';
export type {
  AppendOptions,
  BlobDeleter,
  BlobIngester,
  BlobMounter,
  BlobProvider,
  BlobStatter,
  BlobStore,
  BlobWriter,
  ByteRange,
  CreateUploadOptions,
  DescribedBlob,
  DescribedBlobProvider,
  LocateOptions,
  MountOptions,
  OpenOptions,
  PutBlobOptions,
  UploadStatus,
} from './blob.ts';
export type { BlobDescriptorCache, BlobDescriptorService } from './blob-descriptor-service.ts';
export {
  isAnnotations,
  OCTET_STREAM,
  parseDescriptor,
  type Descriptor,
  type Platform,
} from './descriptor.ts';
export {
  algorithmOf,
  CANONICAL_ALGORITHM,
  contentMismatch,
  Digester,
  digestOf,
  encodedOf,
  isDigest,
  isSupportedAlgorithm,
  isSupportedDigest,
  parseDigest,
  supportedAlgorithmOf,
  verifyingStream,
  type Digest,
  type DigestAlgorithm,
} from './digest.ts';
export {
  ERROR_MESSAGES,
  RegistryError,
  type ErrorCode,
  type RegistryErrorOptions,
} from './errors.ts';
export { encodeDescriptor, encodePlatform } from './encode-descriptor.ts';
export { exactLength } from './exact-length.ts';
export type { Exclusion } from './exclusion.ts';
export { Exclusive } from './exclusive.ts';
export {
  canonicalBytes,
  DEFAULT_MAXIMUM_MANIFEST_SIZE,
  type GetByTagOptions,
  type GetManifestOptions,
  type Manifest,
  type ManifestBuilder,
  type ManifestClaims,
  type ManifestFormat,
  type ManifestReference,
  type ManifestService,
  type PutManifestOptions,
  type TaggedManifest,
  type TaggedManifestProvider,
} from './manifest.ts';
export {
  createImageBuilder,
  createIndexBuilder,
  type ImageBuilderOptions,
} from './manifest-builders.ts';
export {
  invalidMember,
  isPresent,
  parseImageReferences,
  parseIndexReferences,
  refuseOtherKind,
} from './manifest-document.ts';
export {
  encodeManifestJson,
  members,
  sortedMembers,
  unlessEmpty,
  type Encodable,
  type Members,
} from './manifest-json.ts';
export { describeManifest } from './describe-manifest.ts';
export { type ConversionSource, type ManifestConverter } from './manifest-converter.ts';
export { createManifestDecoder, type ManifestDecoder } from './manifest-decoder.ts';
export { bareMediaType, isMediaType } from './media-type.ts';
export type { ListBudget, ListOptions, OperationOptions } from './options.ts';
export {
  familiarReference,
  formatReference,
  normalizeReference,
  parseReference,
  withDefaultTag,
  type NormalizedReference,
  type Reference,
} from './reference.ts';
export type { ListReferrersOptions, ReferrerService } from './referrer.ts';
export type { Registry, Repository } from './registry.ts';
export type { RepositoryRemover } from './repository-remover.ts';
export {
  isPathComponent,
  isRepositoryName,
  MAXIMUM_NAME_LENGTH,
  parseRepositoryName,
  type RepositoryName,
} from './repository-name.ts';
export { routes, type Route, type RouteName, type RouteParameters } from './routes.ts';
export { isObject, parseStrictJsonObject, type JsonObject } from './strict-json.ts';
export { isTag, parseTag, type Tag, type TagOptions, type TagService } from './tag.ts';
