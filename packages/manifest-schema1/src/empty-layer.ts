import type { Digest } from '@purser/core';

/** A gzipped tar of nothing: the layer of the steps of a build that changed no file. */
export const EMPTY_LAYER: Uint8Array = Buffer.from(
  '1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000',
  'hex',
);

export const EMPTY_LAYER_DIGEST =
  'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4' as Digest;
