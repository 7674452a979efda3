import { createManifestDecoder, type Digest } from '@purser/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSchema1Builder } from './build.ts';
import { keyFile, signedBy } from './fixtures/vectors.ts';
import { createSchema1Format } from './format.ts';
import { SCHEMA1_LAYER, SCHEMA1_SIGNED_MANIFEST } from './media-types.ts';
import { generateSigningKey, loadSigningKey } from './signing-key.ts';

const signingKey = generateSigningKey();
const decoder = createManifestDecoder([createSchema1Format({ signingKey })]);
const naming = { repository: 'library/app', tag: '1.0', architecture: 'amd64' };
const lower = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef' as Digest;
const upper = 'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4' as Digest;

describe('the schema 1 builder', () => {
  it('writes the bytes that distribution writes', async () => {
    const { canonical: expected } = signedBy('P-256');
    const { history } = JSON.parse(expected) as { history: { v1Compatibility: string }[] };
    const builder = createSchema1Builder({ ...naming, signingKey });
    builder.appendReference({ digest: lower }, history[1]?.v1Compatibility ?? '');
    builder.appendReference({ digest: upper }, history[0]?.v1Compatibility ?? '');
    const { canonical } = await builder.build();
    expect(Buffer.from(canonical ?? []).toString()).toBe(expected);
  });

  it('has the layers as references, the newest first', () => {
    const builder = createSchema1Builder({ ...naming, signingKey });
    builder.appendReference({ digest: lower }, '{}');
    builder.appendReference({ digest: upper }, '{}');
    expect(builder.references).toEqual([
      { mediaType: SCHEMA1_LAYER, digest: upper, size: 0 },
      { mediaType: SCHEMA1_LAYER, digest: lower, size: 0 },
    ]);
  });

  it.each<[what: string, options: object]>([
    ['a repository that is none', { repository: 'Library' }],
    ['a tag that is none', { tag: '-' }],
  ])('refuses %s', async (_what, options) => {
    const builder = createSchema1Builder({ ...naming, ...options, signingKey });
    builder.appendReference({ digest: lower }, '{}');
    await expect(builder.build()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  it('refuses to build of nothing', async () => {
    const building = createSchema1Builder({ ...naming, signingKey }).build();
    await expect(building).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  it('stops when its signal is aborted', async () => {
    const reason = new Error('enough');
    const builder = createSchema1Builder({ ...naming, signingKey });
    builder.appendReference({ digest: lower }, '{}');
    await expect(builder.build({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each(['p256.pem', 'p384.pem', 'p521.json', 'rsa.pem'])(
    'signs with a key of libtrust: %s',
    async (name) => {
      const builder = createSchema1Builder({
        ...naming,
        signingKey: loadSigningKey(keyFile(name).text),
      });
      builder.appendReference({ digest: lower }, '{}');
      const built = await builder.build();
      const read = decoder.decode(built.payload, SCHEMA1_SIGNED_MANIFEST);
      expect(read.detached?.map(String)).toEqual(built.detached?.map(String));
    },
  );

  it('builds what is read back from its bytes, whatever is said of the layers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }),
        fc.string(),
        async (texts, architecture) => {
          const builder = createSchema1Builder({ ...naming, architecture, signingKey });
          for (const text of texts) builder.appendReference({ digest: lower }, text);
          const built = await builder.build();
          const stored = decoder.decodeStored(built.canonical ?? built.payload, built.detached);
          expect(Buffer.compare(stored.payload, built.payload)).toBe(0);
          expect(decoder.decode(built.payload, '').references).toEqual(built.references);
          const { history } = JSON.parse(Buffer.from(built.payload).toString()) as {
            history: { v1Compatibility: string }[];
          };
          const said = history.map(({ v1Compatibility }) => v1Compatibility).toReversed();
          expect(said).toEqual(texts);
        },
      ),
    );
  });
});
