import * as crypto from 'node:crypto';
import { createManifestDecoder } from '@purser/core';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  base64url,
  certificatesOf,
  document,
  forge,
  forgeSignature,
  seal,
  withJwk,
  type ForgedSignature,
  type ForgeOptions,
} from './fixtures/forge.ts';
import { signedBy } from './fixtures/vectors.ts';
import { createSchema1Format } from './format.ts';
import { generateSigningKey } from './signing-key.ts';

vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<typeof crypto>();
  return {
    ...original,
    verify: vi.fn<typeof crypto.verify>(original.verify),
    createPublicKey: vi.fn<typeof crypto.createPublicKey>(original.createPublicKey),
  };
});

type Table = readonly (readonly [what: string, payload: string | Uint8Array])[];

const decoder = createManifestDecoder([createSchema1Format({ signingKey: generateSigningKey() })]);

function decode(payload: string | Uint8Array): unknown {
  return decoder.decode(Buffer.from(payload), '');
}

const canonical = JSON.stringify(document);

/** A document with other members, signed as it should be. */
function withMembers(members: Readonly<Record<string, unknown>>): string {
  return forge(JSON.stringify({ ...document, ...members }));
}

function changed(change: (signature: ForgedSignature) => unknown): string {
  return forge(canonical, { change });
}

function frame(length: unknown, tail: unknown): ForgeOptions {
  return { protectedHeader: { formatLength: length, formatTail: tail } };
}

const size = canonical.length - 1;
const brace = base64url('}');
const twice = forgeSignature(canonical);
const blobSum = document.fsLayers[0]?.blobSum;

const chain = certificatesOf(signedBy('chain'));

beforeEach(() => {
  vi.mocked(crypto.verify).mockClear();
  vi.mocked(crypto.createPublicKey).mockClear();
});

const malformed: Table = [
  ['an empty body', ''],
  ['no JSON', 'schema 1'],
  ['a list', '[]'],
  ['a byte order mark', `\ufeff${forge(canonical)}`],
  ['bytes after the end', `${forge(canonical)}{}`],
  ['a NUL after the end', `${forge(canonical)}\0`],
  ['bytes that are not UTF-8', Buffer.from(withMembers({ x: '\xff' }), 'latin1')],
  ['endless nesting', `{"a":${'['.repeat(100_000)}`],
  ['a member twice', forge(`{"name":"other",${canonical.slice(1)}`)],
  ['signatures twice', forge(`{"signatures":[],${canonical.slice(1)}`)],
  ['no schemaVersion', withMembers({ schemaVersion: undefined })],
  ['schema version 2', withMembers({ schemaVersion: 2 })],
  ['a schema version in words', withMembers({ schemaVersion: '1' })],
  [
    'a media type of another kind',
    withMembers({ mediaType: 'application/vnd.oci.image.manifest.v1+json' }),
  ],
  ['an image of schema 2 as well, CVE-2021-41190', withMembers({ config: {}, layers: [] })],
  ['an index as well, CVE-2021-41190', withMembers({ manifests: [] })],
  ['layers in another letter case', withMembers({ FSLayers: [] })],
  ['layers with a letter that folds to another', withMembers({ fſLayers: [] })],
  ['a digest in another letter case', withMembers({ fsLayers: [{ blobSum, BlobSum: blobSum }] })],
  ['no name', withMembers({ name: undefined })],
  ['a name that climbs', withMembers({ name: '../../etc' })],
  ['a name that is too long', withMembers({ name: 'a'.repeat(256) })],
  ['a name with a tag', withMembers({ name: 'library/app:1.0' })],
  ['a name that is a number', withMembers({ name: 5 })],
  ['a tag that is none', withMembers({ tag: '-' })],
  ['a tag that is a list', withMembers({ tag: ['1.0'] })],
  ['an architecture that is an object', withMembers({ architecture: {} })],
  ['no layers', withMembers({ fsLayers: [], history: [] })],
  ['layers that are an object', withMembers({ fsLayers: { blobSum } })],
  ['a layer that is null', withMembers({ fsLayers: [null] })],
  ['a layer without a digest', withMembers({ fsLayers: [{}] })],
  ['a digest that is a path', withMembers({ fsLayers: [{ blobSum: 'sha256:../../etc' }] })],
  ['less history than layers', withMembers({ history: [] })],
  [
    'more history than layers',
    withMembers({ history: [...document.history, ...document.history] }),
  ],
  ['history that is an object', withMembers({ history: [{ v1Compatibility: {} }] })],
];

const badlyFramed: Table = [
  ['signatures that are an object', seal(canonical, {})],
  ['a signature that is text', seal(canonical, ['signed'])],
  ['too many signatures', seal(canonical, Array.from({ length: 17 }))],
  ['a signature that is there twice', seal(canonical, [twice, twice])],
  ['a signature of endless size', withJwk(canonical, { x: 'A'.repeat(100_000) })],
  ['no protected header', changed((made) => ({ ...made, protected: undefined }))],
  ['no signature in a signature', changed((made) => ({ ...made, signature: undefined }))],
  ['no header', changed((made) => ({ ...made, header: undefined }))],
  ['a protected header that is not base64url', forge(canonical, { protectedText: '{}' })],
  ['a protected header that is padded', forge(canonical, { protectedText: 'e30=' })],
  ['a protected header that is no object', forge(canonical, { protectedText: base64url('[]') })],
  [
    'a protected header with a member twice',
    forge(canonical, {
      protectedText: base64url(`{"formatLength":1,"formatLength":${size},"formatTail":"${brace}"}`),
    }),
  ],
  [
    'a protected header that is long',
    forge(canonical, { protectedHeader: { x: 'x'.repeat(4096) } }),
  ],
  ['no formatLength', forge(canonical, frame(undefined, brace))],
  ['a formatLength of 0', forge(canonical, frame(0, base64url(canonical)))],
  ['a negative formatLength', forge(canonical, frame(-1, brace))],
  ['a formatLength with a fraction', forge(canonical, frame(size + 0.5, brace))],
  ['a formatLength in words', forge(canonical, frame(String(size), brace))],
  ['a formatLength beyond the end', forge(canonical, frame(100_000, brace))],
  ['a formatLength of petabytes', forge(canonical, frame(2 ** 52, brace))],
  ['a formatLength inside a word', forge(canonical, frame(size - 5, brace))],
  ['no formatTail', forge(canonical, frame(size, undefined))],
  ['an empty formatTail', forge(canonical, frame(size, ''))],
  ['a formatTail that is not base64url', forge(canonical, frame(size, '}'))],
  [
    'a formatTail with further members',
    forge(canonical, frame(size, base64url(',"name":"other"}'))),
  ],
  ['a formatTail with a whole document', forge(canonical, frame(1, base64url(canonical.slice(1))))],
  [
    'signatures that do not agree',
    seal(canonical, [
      forgeSignature(canonical),
      forgeSignature(canonical, frame(size, base64url('\n}'))),
    ]),
  ],
  [
    'a member outside of what is signed',
    forge(canonical).replace(',"signatures"', ',"x":1,"signatures"'),
  ],
  ['a member after the signatures', forge(canonical).replace(/\}$/, ',"x":1}')],
  [
    'other layers outside of what is signed',
    `{"fsLayers":[],${seal(canonical, [forgeSignature(canonical)]).slice(1)}`,
  ],
  ['certificates that are text', forge(canonical, { header: { x5c: chain[0] } })],
  [
    'too many certificates',
    forge(canonical, { header: { x5c: Array.from({ length: 9 }, () => '') } }),
  ],
];

describe('a push is refused as invalid, before anything is verified, for', () => {
  it.each([...malformed, ...badlyFramed])('%s', (_what, payload) => {
    expect(() => decode(payload)).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
    expect(crypto.verify).not.toHaveBeenCalled();
  });
});

describe('a push is accepted', () => {
  it('when nothing is wrong with it', () => {
    expect(() => decode(forge(canonical))).not.toThrow();
  });

  it('with a name that begins with a host, and without a tag', () => {
    const payload = withMembers({ name: 'registry.example:5000/app', tag: '' });
    expect(() => decode(payload)).not.toThrow();
  });

  it('with as many signatures as are allowed, each verified once', () => {
    const signatures = Array.from({ length: 16 }, () => forgeSignature(canonical));
    expect(() => decode(seal(canonical, signatures))).not.toThrow();
    expect(crypto.verify).toHaveBeenCalledTimes(16);
  });
});
