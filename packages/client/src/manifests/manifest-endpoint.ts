import {
  isDigest,
  isSupportedDigest,
  routes,
  type Digest,
  type Manifest,
  type OperationOptions,
  type RepositoryName,
  type Tag,
} from '@purser/core';
import type { Connection } from '../connection.ts';
import { decodeManifest } from './decode-manifest.ts';
import { parseListHeader } from '../list-header.ts';
import { deleting, pulling, pushing } from '../scopes.ts';
import { discard } from '../transport/read-body.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import { checkStored } from '../blobs/upload-session.ts';

/** A condition on what a tag names. */
export type TagCondition = { readonly 'If-Match': string } | { readonly 'If-None-Match': '*' };

/** The condition that a tag still names a digest, or still nothing. */
export function unchanged(current: Digest | undefined): TagCondition {
  return current === undefined ? { 'If-None-Match': '*' } : { 'If-Match': `"${current}"` };
}

export interface PutRequest extends OperationOptions {
  readonly reference: Tag | Digest;
  readonly digest: Digest;
  readonly query?: URLSearchParams | undefined;
  readonly condition?: TagCondition | undefined;
}

export interface PutResult {
  /** The tags that the registry says it set. */
  readonly tags: readonly string[];
  /** Whether the registry says that it lists the manifest among the referrers of its subject. */
  readonly isReferrer: boolean;
}

/** Manifests of one repository as the API has them, request by request. */
export class ManifestEndpoint {
  readonly #connection: Connection;
  readonly #name: RepositoryName;

  constructor(connection: Connection, name: RepositoryName) {
    this.#connection = connection;
    this.#name = name;
  }

  /**
   * Asks what a tag or a digest names, without reading it.
   *
   * @returns The digest that the registry says; `'untold'` when it has the manifest and does not say; `undefined` when
   * there is no such manifest.
   * @throws RegistryClientError `DIGEST_INVALID` when it is another digest than the one asked for.
   */
  async head(
    reference: Tag | Digest,
    { ifNoneMatch, signal }: OperationOptions & { readonly ifNoneMatch?: Digest | undefined } = {},
  ): Promise<Digest | 'untold' | undefined> {
    try {
      const response = await this.#connection.transport.send({
        ...this.#pull(reference, signal),
        method: 'HEAD',
        headers: {
          Accept: this.#connection.decoder.mediaTypes.join(', '),
          ...(ifNoneMatch !== undefined && { 'If-None-Match': `"${ifNoneMatch}"` }),
        },
        expect: ifNoneMatch === undefined ? [200] : [200, 304],
      });
      await discard(response);
      if (response.status === 304) return ifNoneMatch;
      if (isDigest(reference)) checkStored(response, reference);
      const said = response.headers.get('docker-content-digest');
      return said !== undefined && isDigest(said) ? said : 'untold';
    } catch (error) {
      if (RegistryClientError.is(error, 'MANIFEST_UNKNOWN')) return undefined;
      throw error;
    }
  }

  /**
   * @returns `said` is the digest that the registry says it gives. Nothing is verified.
   * @throws RegistryClientError `MANIFEST_UNKNOWN`; `RESPONSE_INVALID` when it is longer than the limit, or no manifest.
   */
  async get(
    reference: Tag | Digest,
    { mediaTypes, signal }: OperationOptions & { mediaTypes?: readonly string[] | undefined },
  ): Promise<{ manifest: Manifest; said: Digest | undefined }> {
    const { transport, decoder, maximumManifestSize } = this.#connection;
    const response = await transport.send({
      ...this.#pull(reference, signal),
      method: 'GET',
      headers: { Accept: (mediaTypes ?? decoder.mediaTypes).join(', ') },
      expect: [200],
    });
    return decodeManifest(response, { decoder, maximumManifestSize });
  }

  /** @throws RegistryClientError `DIGEST_INVALID` when the registry says that it stored something else. */
  async put(
    { payload, mediaType }: Manifest,
    { reference, digest, query, condition, signal }: PutRequest,
  ): Promise<PutResult> {
    const response = await this.#connection.transport.send({
      method: 'PUT',
      url: this.#connection.url(this.#path(reference), query),
      headers: { 'Content-Type': mediaType, ...condition },
      body: payload,
      scopes: pushing(this.#name),
      expect: [201],
      // A condition may not hold any more because of the first attempt.
      repeatable: condition === undefined,
      signal,
    });
    await discard(response);
    checkStored(response, digest);
    return {
      tags: parseListHeader(response.headers.getAll('oci-tag')),
      isReferrer: response.headers.get('oci-subject') !== undefined,
    };
  }

  async delete(reference: Tag | Digest, { signal }: OperationOptions = {}): Promise<void> {
    const response = await this.#connection.transport.send({
      method: 'DELETE',
      url: this.#connection.url(this.#path(reference)),
      scopes: deleting(this.#name),
      expect: [200, 202, 204],
      codes: {
        404: 'MANIFEST_UNKNOWN',
        // Registries that delete by digest alone take a tag for a malformed one.
        ...(!isDigest(reference) && { 400: 'UNSUPPORTED' }),
      },
      signal,
    });
    await discard(response);
  }

  #pull(reference: Tag | Digest, signal: AbortSignal | undefined) {
    // A registry need not know every algorithm.
    const isStrange = isDigest(reference) && !isSupportedDigest(reference);
    const codes = {
      404: 'MANIFEST_UNKNOWN',
      ...(isStrange && { 400: 'MANIFEST_UNKNOWN' as const }),
    } as const;
    return {
      url: this.#connection.pullUrl(this.#path(reference)),
      scopes: pulling(this.#name),
      codes,
      signal,
    };
  }

  #path(reference: Tag | Digest): string {
    return routes.manifest.format({ name: this.#name, reference });
  }
}
