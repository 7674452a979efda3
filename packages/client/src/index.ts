/**
 * Speaks to a remote registry, as a Registry.
 *
 * ```ts
 * import { createManifestDecoder, normalizeReference, parseTag } from '@purser/core';
 * import { sampleFormats } from '@purser/core/testing';
 * import { createRegistryClient } from '@purser/client';
 *
 * const { domain, path } = normalizeReference('debian');
 * await using client = createRegistryClient({
 *   registry: domain,
 *   decoder: createManifestDecoder(sampleFormats),
 * });
 * const found = await client.repository(path).manifests.getByTag(parseTag('12'));
 * ```
 *
 * @packageDocumentation
 */
export type { OpenRemoteBlobOptions, RemoteBlobs, UploadContentOptions } from './blobs/blobs.ts';
export type { BlobContent, PushBlobOptions, PushOutcome, PushProgress } from './blobs/push-blob.ts';
export type { CopyEvent, CopyObserver, CopyOutcome } from './copy/copy-event.ts';
export {
  planCopy,
  type CopyAction,
  type CopyItem,
  type CopyOptions,
  type CopyPlan,
  type CopyRequest,
} from './copy/copy-plan.ts';
export {
  copy,
  runCopy,
  type CopyCount,
  type CopyResult,
  type RunCopyOptions,
} from './copy/copy.ts';
export { formatPlatform, parsePlatform } from './copy/platform.ts';
export { selectPlatform } from './copy/select-platform.ts';
export {
  authFileKeychain,
  defaultKeychain,
  type AuthFileOptions,
} from './credentials/auth-file-keychain.ts';
export {
  createCredentialStore,
  type CredentialStore,
  type CredentialStoreOptions,
  type StoredAt,
} from './credentials/credential-store.ts';
export type { Credentials, CredentialsOptions, Keychain } from './credentials/credentials.ts';
export { chainKeychains, fixedKeychain } from './credentials/keychains.ts';
export type {
  PushManifestOptions,
  RemoteManifests,
  TagManifestOptions,
} from './manifests/manifests.ts';
export {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
  type RemoteRepository,
} from './registry-client.ts';
export { registryUrl } from './registry-url.ts';
export {
  createTransport,
  type CreateTransportOptions,
  type MirrorOptions,
} from './transport/create-transport.ts';
export type { TransportObserver, TransportReport } from './transport/observer.ts';
export {
  RegistryClientError,
  type RegistryClientErrorOptions,
} from './transport/registry-client-error.ts';
export type { Scope } from './transport/scope.ts';
export type {
  RequestBody,
  ResponseHeaders,
  RetryOptions,
  TlsOptions,
  Transport,
  TransportOptions,
  TransportRequest,
  TransportResponse,
} from './transport/transport.ts';
