import { digestOf } from '@purser/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLinkEntry, parseLinkEntry } from './link-entry.ts';

const descriptors = fc.record({
  mediaType: fc.constantFrom('application/octet-stream', 'application/vnd.oci.image.index.v1+json'),
  digest: fc.uint8Array().map((content) => digestOf(content)),
  size: fc.maxSafeNat(),
});

describe('the entry of a link', () => {
  it('is read as it was written, by who asks for the same links', () => {
    fc.assert(
      fc.property(descriptors, (descriptor) => {
        const text = formatLinkEntry('blobs', descriptor);
        expect(parseLinkEntry('blobs', text)).toEqual(descriptor);
        expect(parseLinkEntry('manifests', text)).toBeUndefined();
      }),
    );
  });

  it('is nothing when it is anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `blobs ${text}`),
        ),
        (text) => {
          expect(parseLinkEntry('blobs', text)).toBeUndefined();
        },
      ),
    );
  });

  it.each([
    'blobs sha256:abc 1 text/plain',
    `blobs ${digestOf(Buffer.from(''))} -1 text/plain`,
    `blobs ${digestOf(Buffer.from(''))} 1e3 text/plain`,
    `blobs ${digestOf(Buffer.from(''))} 9007199254740993 text/plain`,
    `blobs ${digestOf(Buffer.from(''))} 1 text`,
    `blobs ${digestOf(Buffer.from(''))} 1 text/plain more`,
    `blobs ${digestOf(Buffer.from(''))} 1 text/${'x'.repeat(2000)}`,
  ])('is not %s', (text) => {
    expect(parseLinkEntry('blobs', text)).toBeUndefined();
  });
});
