import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { OperationOptions } from './options.ts';
import type { JsonObject } from './strict-json.ts';
import type { Tag } from './tag.ts';

/** Inclusive. The size below which every registry accepts a manifest, and above which this one refuses it, in bytes. */
export const DEFAULT_MAXIMUM_MANIFEST_SIZE = 4 * 1024 * 1024;

/** Something a manifest needs in order to be pulled whole. */
export interface ManifestReference {
  readonly kind: 'blob' | 'manifest';
  readonly descriptor: Descriptor;
  /** The content may live elsewhere, as that of non-distributable layers: its absence here is no fault. */
  readonly foreign: boolean;
}

/** A decoded manifest of any format. */
export interface Manifest {
  readonly mediaType: string;
  /** The bytes exactly as they were pushed; never re-serialised. */
  readonly payload: Uint8Array;
  /** In the order of the document: the config first, then the layers; or the members of an index. */
  readonly references: readonly ManifestReference[];
  /** The manifest that this one says something about. Not a reference: it may be absent. */
  readonly subject?: Descriptor | undefined;
  /** Its own, or for an image without one the media type of its config: what it is listed by among referrers. */
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** What the document says it is, in formats that name their repository and tag. */
  readonly claims?: ManifestClaims | undefined;
  /** The part of the payload that digests are computed of. Absent: the whole payload. */
  readonly canonical?: Uint8Array | undefined;
  /** What the payload holds beyond `canonical`, in pieces that are kept beside it: the seals of a sealed document. */
  readonly detached?: readonly Uint8Array[] | undefined;
}

export interface ManifestClaims {
  readonly repository: string;
  readonly tag: string;
}

/** The bytes that the digest of a manifest names. */
export function canonicalBytes({ canonical, payload }: Manifest): Uint8Array {
  return canonical ?? payload;
}

/** One manifest media type: how it is recognised and read. Registered with `createManifestDecoder`. */
export interface ManifestFormat {
  readonly mediaType: string;

  /** Further `Content-Type`s under which clients send this format; `''` is a push without one. Default: none. */
  readonly alsoSentAs?: readonly string[] | undefined;

  /** Whether a document that names no media type has the shape of this format. At most one format may say so. */
  recognizes(document: JsonObject): boolean;

  /**
   * Validates a document of this media type.
   *
   * @param document What `payload` says, already parsed.
   * @throws RegistryError `MANIFEST_INVALID`, naming what is wrong; `MANIFEST_UNVERIFIED` when a seal does not hold.
   */
  decode(payload: Uint8Array, document: JsonObject): Manifest;

  /**
   * Makes what is served of what was stored: the canonical bytes, and the detached pieces of every push of them. Only
   * formats that have detached pieces have this. The manifest it makes has `canonical` and `detached`.
   *
   * @param document What `canonical` says, already parsed.
   * @param detached In no order. Pieces that cannot be used are left out.
   * @throws RegistryError `MANIFEST_INVALID` when it cannot be read.
   */
  decodeStored?(
    canonical: Uint8Array,
    document: JsonObject,
    detached: readonly Uint8Array[],
  ): Manifest;
}

/** Collects what a manifest is about, then makes its bytes. */
export interface ManifestBuilder {
  readonly references: readonly Descriptor[];
  /** Adds a layer to an image, or a member to an index. */
  appendReference(descriptor: Descriptor): void;
  build(options?: OperationOptions): Promise<Manifest>;
}

/** The manifests of one repository, by digest. Tags are the tag service's. */
export interface ManifestService {
  exists(digest: Digest, options?: OperationOptions): Promise<boolean>;

  /**
   * @throws RegistryError `MANIFEST_UNKNOWN` when this repository does not hold it, even if another does.
   * @see OCI distribution-spec, end-3.
   */
  get(digest: Digest, options?: GetManifestOptions): Promise<Manifest>;

  /**
   * Stores a manifest. Storing what is already there succeeds. It is not tagged.
   *
   * @returns The digest it was stored by: `options.digest`, or else sha256.
   * @throws RegistryError `DIGEST_INVALID` when `options.digest` does not match the canonical bytes;
   * `MANIFEST_BLOB_UNKNOWN`, one for each reference that this repository lacks.
   * @see OCI distribution-spec, end-7.
   */
  put(manifest: Manifest, options?: PutManifestOptions): Promise<Digest>;

  /**
   * Removes a manifest and every tag that names it.
   *
   * @throws RegistryError `MANIFEST_UNKNOWN`; `UNSUPPORTED` when deletion is switched off.
   * @see OCI distribution-spec, end-9.
   */
  delete(digest: Digest, options?: OperationOptions): Promise<void>;
}

export interface GetManifestOptions extends OperationOptions {
  /**
   * Whether a remembered right to read is not enough, for who goes on to rely on the manifest being there. Default
   * `false`: until a cache learns of a deletion by another process, the manifest can still be read.
   */
  readonly verified?: boolean | undefined;
}

export interface PutManifestOptions extends OperationOptions {
  readonly digest?: Digest | undefined;
}

export interface GetByTagOptions extends OperationOptions {
  /** A digest that is known already: nothing is fetched while the tag names it. */
  readonly ifNoneMatch?: Digest | undefined;
  /** The media types to ask for, best first. Default: every format that can be decoded. */
  readonly mediaTypes?: readonly string[] | undefined;
}

export interface TaggedManifest {
  readonly manifest: Manifest;
  /** What the tag names: by another algorithm than sha256 when the registry says so. */
  readonly digest: Digest;
}

/** Gives what a tag names in one step, which beside `TagService.get` and `ManifestService.get` saves a remote request. */
export interface TaggedManifestProvider {
  /**
   * @returns `undefined` when the tag still names `options.ifNoneMatch`.
   * @throws RegistryError `MANIFEST_UNKNOWN` when there is no such tag.
   * @see OCI distribution-spec, end-3.
   */
  getByTag(tag: Tag, options?: GetByTagOptions): Promise<TaggedManifest | undefined>;
}
