import {
  createManifestDecoder,
  digestOf,
  parseStrictJsonObject,
  type Manifest,
} from '@purser/core';
import { describe, expect, it } from 'vitest';
import { libtrust, registry, signedBy } from './fixtures/vectors.ts';
import { createSchema1Format, refuseSchema1 } from './format.ts';
import { SCHEMA1_MANIFEST, SCHEMA1_SIGNED_MANIFEST } from './media-types.ts';
import { generateSigningKey } from './signing-key.ts';

const signingKey = generateSigningKey();
const decoder = createManifestDecoder([createSchema1Format({ signingKey })]);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(content: Uint8Array | undefined): string {
  return new TextDecoder().decode(content);
}

function decode(payload: string, contentType = SCHEMA1_SIGNED_MANIFEST): Manifest {
  return decoder.decode(bytes(payload), contentType);
}

function stored(canonical: string, pieces: readonly string[]): Manifest {
  return decoder.decodeStored(bytes(canonical), pieces.map(bytes));
}

function pieces(manifest: Manifest): readonly string[] {
  return (manifest.detached ?? []).map(text);
}

describe.each(libtrust.signed)('what libtrust signed: $name', (vector) => {
  it('is verified, and its canonical bytes are those that were signed', () => {
    const manifest = decode(vector.pretty);
    expect(text(manifest.canonical)).toBe(vector.canonical);
    expect(text(manifest.payload)).toBe(vector.pretty);
    expect(manifest.mediaType).toBe(SCHEMA1_SIGNED_MANIFEST);
  });

  it('gives its signatures as libtrust does', () => {
    expect(pieces(decode(vector.pretty))).toEqual(vector.signatures);
  });

  it('comes out of the store byte for byte', () => {
    const manifest = stored(vector.canonical, vector.signatures.toReversed());
    expect(text(manifest.payload)).toBe(vector.pretty);
    expect(pieces(manifest)).toEqual(vector.signatures);
    expect(text(manifest.canonical)).toBe(vector.canonical);
  });
});

describe('what a client pushed to distribution 2.8', () => {
  it('has the canonical bytes that distribution stored', () => {
    expect(text(decode(registry.pushed).canonical)).toBe(registry.stored);
  });

  it('is served as it was pushed', () => {
    const manifest = decode(registry.pushed);
    expect(text(stored(registry.stored, pieces(manifest)).payload)).toBe(registry.pushed);
  });

  it('is signed anew when its signatures were not kept, as distribution does', () => {
    const manifest = stored(registry.stored, []);
    const again = decode(text(manifest.payload));
    expect(text(again.canonical)).toBe(text(manifest.canonical));
    expect(JSON.parse(pieces(manifest)[0] ?? '')).toMatchObject({
      header: { jwk: { kid: signingKey.publicKey.id }, alg: 'ES256' },
    });
    const unsigned = (document: string) => document.slice(0, document.indexOf('"signatures"'));
    expect(unsigned(text(manifest.payload))).toBe(unsigned(registry.served));
  });

  it('is read when distribution signed it', () => {
    expect(text(decode(registry.served).canonical)).toBe(registry.stored);
  });
});

describe('a schema 1 manifest', () => {
  const { pretty, canonical } = signedBy('P-256');

  it('refers to its layers, the newest first', () => {
    expect(decode(pretty).references).toEqual(
      [
        'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4',
        'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
      ].map((digest) => ({
        kind: 'blob',
        descriptor: {
          mediaType: 'application/vnd.docker.container.image.rootfs.diff+x-gtar',
          digest,
          size: 0,
        },
        foreign: false,
      })),
    );
  });

  it('says what it is called', () => {
    expect(decode(pretty).claims).toEqual({ repository: 'library/app', tag: '1.0' });
    expect(stored(canonical, []).claims).toEqual({ repository: 'library/app', tag: '1.0' });
  });

  it.each([SCHEMA1_MANIFEST, 'application/json; charset=utf-8', ''])(
    'is read when it is sent as "%s"',
    (contentType) => {
      expect(decode(pretty, contentType).mediaType).toBe(SCHEMA1_SIGNED_MANIFEST);
    },
  );

  it('has a digest that no signature changes', () => {
    const digests = [pretty, signedBy('RSA').pretty, signedBy('two keys').pretty].map((payload) =>
      digestOf(decode(payload).canonical ?? new Uint8Array()),
    );
    expect(new Set(digests)).toEqual(new Set([digestOf(bytes(canonical))]));
  });
});

describe('a stored schema 1 manifest', () => {
  const { canonical, signatures } = signedBy('P-256');
  const [own = ''] = signatures;
  const [other = ''] = signedBy('RSA').signatures;

  it('serves the signatures of every push, sorted and each once', () => {
    const manifest = stored(canonical, [own, other, own]);
    expect(pieces(manifest).toSorted()).toEqual([own, other].toSorted());
    expect(stored(canonical, [other, own])).toEqual(manifest);
    expect(decode(text(manifest.payload)).detached).toEqual(manifest.detached);
  });

  it.each<[what: string, piece: string]>([
    ['is no JSON', 'signature'],
    ['is no object', '[]'],
    ['has a member twice', own.replace('{', '{"header":1,')],
    ['was tampered with', own.replace(/"signature":"../, '"signature":"AA')],
    ['is of another document', signedBy('tabs').signatures[0] ?? ''],
    ['has another tail', signedBy('white space after the end').signatures[0] ?? ''],
    ['is longer than any', own.replace('{', `{${' '.repeat(65_536)}`)],
  ])('leaves out a piece that %s', (_what, piece) => {
    expect(pieces(stored(canonical, [piece, own]))).toEqual([own]);
  });

  it('is signed when no piece can be used', () => {
    const [piece = ''] = pieces(stored(canonical, ['{}']));
    expect(piece).toContain(signingKey.publicKey.id);
  });

  it('looks at no more pieces than anyone could have kept', () => {
    const rubbish = Array.from({ length: 1024 }, (_, index) => `!${index}`);
    expect(pieces(stored(canonical, [...rubbish.slice(1), own]))).toEqual([own]);
    expect(pieces(stored(canonical, [...rubbish, own]))).not.toEqual([own]);
  });

  it('signs with the time it is told', () => {
    const now = () => new Date('2016-02-03T04:05:06.789Z');
    const format = createSchema1Format({ signingKey, now });
    const { detached } = createManifestDecoder([format]).decodeStored(bytes(canonical));
    const { protected: header } = JSON.parse(text(detached?.[0])) as { protected: string };
    expect(Buffer.from(header, 'base64url').toString()).toBe(
      '{"formatLength":642,"formatTail":"Cn0","time":"2016-02-03T04:05:06Z"}',
    );
  });

  it('serves no more signatures than allowed', () => {
    const format = createSchema1Format({ signingKey, maximumSignatures: 1 });
    const manifest = createManifestDecoder([format]).decodeStored(
      bytes(canonical),
      [own, other].map(bytes),
    );
    expect(manifest.detached).toHaveLength(1);
  });

  it('is read even if it would not be accepted', () => {
    const manifest = stored('{"schemaVersion":1,"fsLayers":null,"history":[{}],"name":5}', []);
    expect(manifest.references).toEqual([]);
    expect(manifest.claims).toEqual({ repository: '', tag: '' });
    expect(parseStrictJsonObject(manifest.payload)).toMatchObject({ name: 5 });
  });

  it.each([
    '{"schemaVersion":1,"fsLayers":[{"blobSum":"sha256:0"}]}',
    '{"schemaVersion":1,"fsLayers":[5]}',
    '{"schemaVersion":1,"fsLayers":"none"}',
    '{"schemaVersion":1,"fsLayers":[],"signatures":[]}',
  ])('is refused when it cannot be read: %s', (canonicalText) => {
    expect(() => stored(canonicalText, [])).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    );
  });
});

describe('the schema 1 format', () => {
  const format = createSchema1Format({ signingKey });

  it('recognizes its documents by their shape', () => {
    expect(format.recognizes({ schemaVersion: 1, fsLayers: null })).toBe(true);
  });

  it.each([
    { schemaVersion: 2, fsLayers: [] },
    { schemaVersion: 1 },
    { schemaVersion: 1, fsLayers: [], config: {} },
    { schemaVersion: 1, fsLayers: [], manifests: [] },
  ])('leaves others to other formats: %j', (document) => {
    expect(format.recognizes(document)).toBe(false);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses to allow %d signatures', (maximumSignatures) => {
    expect(() => createSchema1Format({ signingKey, maximumSignatures })).toThrow(RangeError);
  });
});

describe('where schema 1 is switched off', () => {
  const refusing = createManifestDecoder([refuseSchema1('schema 1 is off')]);
  const { pretty, canonical } = signedBy('P-256');

  it.each([SCHEMA1_SIGNED_MANIFEST, SCHEMA1_MANIFEST])('a push as %s is told why', (type) => {
    expect(() => refusing.decode(bytes(pretty), type)).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', message: 'schema 1 is off' }),
    );
  });

  it('a stored manifest is not served', () => {
    expect(() => refusing.decodeStored(bytes(canonical))).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID', message: 'schema 1 is off' }),
    );
  });

  it('a push without a type is left to other formats', () => {
    expect(() => refusing.decode(bytes(pretty), 'application/json')).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringContaining('unsupported manifest media type') as string,
      }),
    );
  });
});
