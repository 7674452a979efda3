import { describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';
import { RegistryError } from './errors.ts';
import { createManifestDecoder } from './manifest-decoder.ts';
import type { ManifestFormat } from './manifest.ts';
import { sampleFormats } from './testing/samples.ts';

const FRUIT = 'application/vnd.example.fruit+json';
const STONE = 'application/vnd.example.stone+json';

/** A format whose documents have the member that gives it its shape. */
function createFormat(mediaType: string, member: string): ManifestFormat {
  return {
    mediaType,
    recognizes: (document) => member in document,
    decode(payload, document) {
      if (document[member] === false) {
        throw new RegistryError('MANIFEST_INVALID', { message: `${member} is rotten` });
      }
      return { mediaType, payload, references: [] };
    },
  };
}

const decoder = createManifestDecoder([createFormat(FRUIT, 'fruit'), createFormat(STONE, 'stone')]);

function encode(document: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

function refusalOf(action: () => unknown): RegistryError {
  try {
    action();
  } catch (error) {
    if (RegistryError.is(error, 'MANIFEST_INVALID')) return error;
    throw error;
  }
  throw new Error('the document was accepted');
}

describe('createManifestDecoder', () => {
  it('knows the media types of its formats in their order', () => {
    expect(decoder.mediaTypes).toEqual([FRUIT, STONE]);
  });

  it('refuses two formats of one media type', () => {
    const formats = [createFormat(FRUIT, 'a'), createFormat(FRUIT, 'b')];
    expect(() => createManifestDecoder(formats)).toThrow(TypeError);
  });

  it('decodes nothing without formats', () => {
    const empty = createManifestDecoder([]);
    expect(empty.mediaTypes).toEqual([]);
    expect(refusalOf(() => empty.decode(encode({}), FRUIT)).code).toBe('MANIFEST_INVALID');
    expect(refusalOf(() => empty.decodeStored(encode({}))).code).toBe('MANIFEST_INVALID');
  });
});

describe('decode', () => {
  it.each([FRUIT, `${FRUIT}; charset=utf-8`, ` ${FRUIT.toUpperCase()} `])(
    'decodes by the content type %j',
    (contentType) => {
      const payload = encode({ fruit: 'plum' });
      expect(decoder.decode(payload, contentType)).toEqual({
        mediaType: FRUIT,
        payload,
        references: [],
      });
    },
  );

  it('goes by the content type, not by the shape', () => {
    expect(decoder.decode(encode({ stone: 'flint' }), FRUIT).mediaType).toBe(FRUIT);
  });

  it('gives the very bytes it was given', () => {
    const payload = encode({ fruit: 'plum' });
    expect(decoder.decode(payload, FRUIT).payload).toBe(payload);
  });

  it.each([undefined, '', 'json', ';', '*/*', 'application/json', 'constructor', '__proto__'])(
    'refuses the content type %j and says which there are',
    (contentType) => {
      const { message } = refusalOf(() => decoder.decode(encode({ fruit: 1 }), contentType));
      expect(message).toContain(FRUIT);
      expect(message).toContain(STONE);
    },
  );

  it.each([[FRUIT], [''], [null]])('accepts the own mediaType %j', (mediaType) => {
    expect(decoder.decode(encode({ fruit: 1, mediaType }), FRUIT).mediaType).toBe(FRUIT);
  });

  it.each([
    [STONE],
    [FRUIT.toUpperCase()],
    [`${FRUIT}; a=b`],
    ['x'.repeat(100_000)],
    [2],
    [{}],
    [false],
  ])(
    'CVE-2021-41190 refuses another mediaType of its own than it was sent as (case %#)',
    (mediaType) => {
      const refusal = refusalOf(() => decoder.decode(encode({ fruit: 1, mediaType }), FRUIT));
      expect(refusal.message).toContain(FRUIT);
      expect(refusal.message.length).toBeLessThan(500);
    },
  );

  it.each([
    ['not UTF-8', Uint8Array.from([0x7b, 0xff, 0x7d])],
    ['not JSON', new TextEncoder().encode('{')],
    ['a list', encode([{ fruit: 1 }])],
    ['with a member named twice', new TextEncoder().encode('{"fruit":1,"fruit":2}')],
    ['nested 65 deep', new TextEncoder().encode(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`)],
  ])('refuses a document that is %s', (_name, payload) => {
    expect(refusalOf(() => decoder.decode(payload, FRUIT)).code).toBe('MANIFEST_INVALID');
  });

  it('lets the refusal of the format pass', () => {
    expect(refusalOf(() => decoder.decode(encode({ fruit: false }), FRUIT)).message).toBe(
      'fruit is rotten',
    );
  });
});

describe('decodeStored', () => {
  it.each([
    ['its mediaType', { mediaType: STONE }, STONE],
    ['its mediaType before its shape', { mediaType: STONE, fruit: 1 }, STONE],
    ['its shape', { stone: 1 }, STONE],
    ['its shape when mediaType is empty', { mediaType: '', fruit: 1 }, FRUIT],
    ['its shape when mediaType is null', { mediaType: null, fruit: 1 }, FRUIT],
  ])('decodes a document by %s', (_name, document, expected) => {
    const payload = encode(document);
    const manifest = decoder.decodeStored(payload);
    expect(manifest.mediaType).toBe(expected);
    expect(manifest.payload).toBe(payload);
  });

  it.each([
    ['a member named twice', new TextEncoder().encode('{"fruit":1,"fruit":2}')],
    [
      'text that is not UTF-8',
      Buffer.concat([Buffer.from('{"fruit":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    ],
    ['depth', new TextEncoder().encode(`{"fruit":${'['.repeat(500)}${']'.repeat(500)}}`)],
  ])('reads what a lenient registry stored: %s', (_name, payload) => {
    expect(decoder.decodeStored(payload).mediaType).toBe(FRUIT);
  });

  it.each([
    ['of no known shape', encode({ vegetable: 1 })],
    ['of a media type that is not registered', encode({ mediaType: 'a/b', fruit: 1 })],
    ['that is a list', encode([])],
    ['that is null', encode(null)],
    ['that is no JSON', new TextEncoder().encode('{')],
    ['that is empty', new Uint8Array(0)],
  ])('refuses a document %s', (_name, payload) => {
    expect(refusalOf(() => decoder.decodeStored(payload)).code).toBe('MANIFEST_INVALID');
  });
});

describe('a stored manifest that this registry would refuse', () => {
  const strict: ManifestFormat = {
    mediaType: 'application/vnd.example.strict+json',
    recognizes: () => false,
    decode() {
      throw new RegistryError('MANIFEST_INVALID');
    },
  };

  it('is given as it is, with every reference that can be made out', () => {
    const digests = ['a', 'b', 'c'].map((content) => digestOf(Buffer.from(content)));
    const payload = Buffer.from(
      JSON.stringify({
        mediaType: strict.mediaType,
        config: { digest: digests[0], size: 2 ** 60 },
        layers: [{ digest: digests[1], mediaType: 'x/y', size: 1 }, { digest: 'no' }, null],
        manifests: [{ digest: digests[2] }],
      }),
    );
    const manifest = createManifestDecoder([strict]).decodeStored(payload);
    expect(manifest).toMatchObject({ mediaType: strict.mediaType, payload });
    expect(manifest.references.map(({ kind, descriptor }) => [kind, descriptor.digest])).toEqual([
      ['blob', digests[0]],
      ['blob', digests[1]],
      ['manifest', digests[2]],
    ]);
  });
});

describe('decodeServed', () => {
  const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
  const INDEX = 'application/vnd.oci.image.index.v1+json';
  const images = createManifestDecoder(sampleFormats);
  const config = { mediaType: 'application/json', digest: digestOf(Buffer.from('c')), size: 1 };
  const image = { schemaVersion: 2, mediaType: IMAGE, config, layers: [] };

  it.each([
    ['a descriptor without size', encode({ ...image, config: { ...config, size: undefined } })],
    ['a config without media type', encode({ ...image, config: { digest: config.digest } })],
    ['a member named twice', Buffer.from(JSON.stringify(image).replace('{', '{"layers":[1],'))],
    ['no layers', encode({ ...image, layers: undefined })],
    [
      'text that is not UTF-8',
      Buffer.from(JSON.stringify({ ...image, annotations: { a: '\u00ff' } }), 'latin1'),
    ],
  ])('gives what a lenient registry serves as it is: %s', (_name, payload) => {
    const manifest = images.decodeServed(payload, IMAGE);
    expect(manifest).toMatchObject({ mediaType: IMAGE, payload });
    expect(manifest.references.map(({ descriptor }) => descriptor.digest)).toEqual([config.digest]);
  });

  it('decodes a valid document like a pushed one', () => {
    const payload = encode(image);
    expect(images.decodeServed(payload, IMAGE)).toEqual(images.decode(payload, IMAGE));
  });

  it.each([
    ['is sent as another type', encode({ ...image, layers: undefined }), INDEX],
    ['is an image and an index', encode({ ...image, layers: 1, manifests: [] }), IMAGE],
    ['is both in other letters', encode({ ...image, layers: 1, Manifests: [] }), IMAGE],
    ['has the shape of another type', encode({ schemaVersion: 2, config }), INDEX],
    ['is no JSON', new TextEncoder().encode('{'), IMAGE],
    ['is sent as an unknown type', encode(image), 'text/html'],
    ['is sent without a type', encode(image), undefined],
  ])('refuses a document that %s (CVE-2021-41190)', (_name, payload, contentType) => {
    expect(refusalOf(() => images.decodeServed(payload, contentType)).code).toBe(
      'MANIFEST_INVALID',
    );
  });
});

describe('a format with further content types', () => {
  const format: ManifestFormat = {
    ...createFormat(FRUIT, 'fruit'),
    alsoSentAs: ['application/json', ''],
  };
  const lenient = createManifestDecoder([format]);

  it.each(['application/json', 'application/json; charset=utf-8', '', undefined])(
    'is decoded when it is sent as %j',
    (contentType) => {
      expect(lenient.decode(encode({ fruit: true }), contentType).mediaType).toBe(FRUIT);
    },
  );

  it('is not what a malformed content type means', () => {
    expect(refusalOf(() => lenient.decode(encode({ fruit: true }), 'fruit')).message).toContain(
      'unsupported manifest media type fruit',
    );
  });

  it('is one media type of the decoder', () => {
    expect(lenient.mediaTypes).toEqual([FRUIT]);
  });

  it('shares none of them with another format', () => {
    const other = { ...createFormat(STONE, 'stone'), alsoSentAs: [''] };
    expect(() => createManifestDecoder([format, other])).toThrow('no media type');
  });
});

describe('a format whose digest does not cover its seals', () => {
  const seals: ManifestFormat = {
    ...createFormat(FRUIT, 'fruit'),
    decodeStored: (canonical, _document, detached) => ({
      mediaType: FRUIT,
      payload: Buffer.concat([canonical, ...detached]),
      references: [],
      canonical,
      detached,
    }),
  };
  const canonical = encode({ fruit: true });

  it('makes what is served of what was stored and its detached pieces', () => {
    const sealing = createManifestDecoder([seals]);
    const { payload } = sealing.decodeStored(canonical, [Buffer.from(' sealed')]);
    expect(Buffer.from(payload).toString()).toBe('{"fruit":true} sealed');
    expect(Buffer.from(sealing.decodeStored(canonical).payload).toString()).toBe('{"fruit":true}');
  });
});
