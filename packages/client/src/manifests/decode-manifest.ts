import {
  bareMediaType,
  isDigest,
  RegistryError,
  type Digest,
  type Manifest,
  type ManifestDecoder,
} from '@purser/core';
import { invalidResponse } from '../response-errors.ts';
import { readBytes } from '../transport/read-body.ts';
import type { TransportResponse } from '../transport/transport.ts';

export interface DecodeOptions {
  readonly decoder: ManifestDecoder;
  readonly maximumManifestSize: number;
}

/** What registries say of a manifest when they do not know what it is. */
const VAGUE = new Set(['application/json', 'application/octet-stream', 'text/plain', undefined]);

/**
 * Reads a manifest from an answer.
 *
 * @returns `said` is the digest that the registry says it has, which is not checked yet.
 * @throws RegistryClientError `RESPONSE_INVALID` when it is too long or no manifest, or what the registry says is no
 * digest.
 */
export async function decodeManifest(
  response: TransportResponse,
  { decoder, maximumManifestSize }: DecodeOptions,
): Promise<{ manifest: Manifest; said: Digest | undefined }> {
  const payload = await readBytes(response, maximumManifestSize);
  const contentType = response.headers.get('content-type');
  const said = response.headers.get('docker-content-digest');
  if (said !== undefined && !isDigest(said)) {
    throw invalidResponse('Docker-Content-Digest of a manifest is no digest');
  }
  try {
    const manifest = VAGUE.has(bareMediaType(contentType))
      ? decoder.decodeStored(payload)
      : decoder.decodeServed(payload, contentType);
    return { manifest, said };
  } catch (error) {
    if (!RegistryError.is(error)) throw error;
    throw invalidResponse(`the registry gave what is no valid manifest: ${error.message}`, error);
  }
}
