import * as crypto from 'node:crypto';
import { createManifestDecoder } from '@purser/core';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  base64url,
  certificatesOf,
  document,
  ecKey,
  forge,
  forgeSignature,
  otherKey,
  publicJwk,
  rsaKey,
  seal,
  withJwk as forgeWithJwk,
  type ForgedSignature,
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

function changed(change: (signature: ForgedSignature) => unknown): string {
  return forge(canonical, { change });
}

function withJwk(members: Readonly<Record<string, unknown>>, key = ecKey): string {
  return forgeWithJwk(canonical, members, key);
}

function withHeader(header: Readonly<Record<string, unknown>>, key = ecKey): string {
  return forge(canonical, { key, header });
}

function withCertificate(der: Uint8Array): string {
  return withHeader({ jwk: undefined, x5c: [Buffer.from(der).toString('base64')] });
}

function withModulus(bits: number): string {
  const n = new Uint8Array(bits / 8).fill(0xff);
  return withJwk({ n: base64url(n) }, rsaKey);
}

const chain = certificatesOf(signedBy('chain'));
const [leaf = ''] = chain;
const der = Buffer.from(leaf, 'base64');
const pem = `-----BEGIN CERTIFICATE-----\n${leaf}\n-----END CERTIFICATE-----\n`;
const zeros = base64url(Buffer.alloc(32));
const twoKilobytes = base64url(Buffer.alloc(2048, 1));

beforeEach(() => {
  vi.mocked(crypto.verify).mockClear();
  vi.mocked(crypto.createPublicKey).mockClear();
});

const badlySigned: Table = [
  ['no signatures', canonical],
  ['an empty list of signatures', seal(canonical, [])],
  ['no key', withHeader({ jwk: undefined })],
  ['a key that is text', withHeader({ jwk: 'key' })],
  ['a private key', withJwk({ d: ecKey.export({ format: 'jwk' }).d })],
  ['a shared secret', withJwk({ kty: 'oct', k: 'c2VjcmV0' })],
  ['the id of another key, CVE-2025-24976', withJwk({ kid: generateSigningKey().publicKey.id })],
  ['a key id that is a number', withJwk({ kid: 5 })],
  ['no algorithm', withHeader({ alg: undefined })],
  ['algorithm none', withHeader({ alg: 'none' })],
  [
    'algorithm none and no signature',
    forge(canonical, { header: { alg: 'none' }, change: (made) => ({ ...made, signature: '' }) }),
  ],
  ['algorithm HS256', withHeader({ alg: 'HS256' })],
  ['an algorithm that every object has', withHeader({ alg: 'constructor' })],
  ['an algorithm of another kind of key', withHeader({ alg: 'RS256' })],
  ['an algorithm of another curve', forge(canonical, { hash: 'sha384', header: { alg: 'ES384' } })],
  ['an algorithm with other padding', forge(canonical, { key: rsaKey, header: { alg: 'PS256' } })],
  [
    'another algorithm in the protected header',
    forge(canonical, { protectedHeader: { alg: 'none' } }),
  ],
  ['a demand that is not understood', forge(canonical, { protectedHeader: { crit: ['exp'] } })],
  ['a curve that is not supported', withJwk({ crv: 'secp256k1' })],
  ['a point that is not on its curve', withJwk({ y: base64url(Buffer.alloc(32, 1)) })],
  ['a point at 0', withJwk({ x: zeros, y: zeros })],
  ['a coordinate that is short', withJwk({ x: base64url('x') })],
  ['a coordinate of 2 kB', withJwk({ x: twoKilobytes })],
  ['an RSA key of 512 bits', withModulus(512)],
  ['an RSA key of 100,000 bits', withModulus(100_000)],
  ['an even RSA modulus', withJwk({ n: base64url(Buffer.alloc(256, 2)) }, rsaKey)],
  ['an RSA exponent of 1', withJwk({ e: 'AQ' }, rsaKey)],
  ['an even RSA exponent', withJwk({ e: 'BA' }, rsaKey)],
  ['an RSA exponent of 2,048 bits', withJwk({ e: base64url(Buffer.alloc(256, 1)) }, rsaKey)],
  ['no RSA modulus', withJwk({ n: undefined }, rsaKey)],
  ['a certificate that is none', withHeader({ x5c: ['MAA='] })],
  ['a certificate that is not base64', forge(canonical, { header: { x5c: ['{}'] } })],
  ['a certificate with bytes after it', withCertificate(Buffer.concat([der, Buffer.of(0)]))],
  ['a certificate in PEM', withCertificate(Buffer.from(pem))],
  ['a certificate of 20 kB', withHeader({ x5c: ['A'.repeat(20_000)] })],
  ['a certificate of another key', withHeader({ x5c: chain })],
  [
    'a signature that is not base64url',
    changed((made) => ({ ...made, signature: `${made.signature.slice(1)}+` })),
  ],
  [
    'a signature written in another way',
    changed((made) => ({ ...made, signature: `${made.signature}==` })),
  ],
  [
    'a signature that is short',
    changed((made) => ({ ...made, signature: made.signature.slice(4) })),
  ],
  [
    'a signature in DER',
    changed((made) => ({
      ...made,
      signature: base64url(
        crypto.sign('sha256', Buffer.from(`${made.protected}.${base64url(canonical)}`), ecKey),
      ),
    })),
  ],
];

const notHeld: Table = [
  [
    'a signature by another key',
    forge(canonical, { key: otherKey, header: { jwk: publicJwk(ecKey) } }),
  ],
  ['a signature by the key of another certificate', withHeader({ jwk: undefined, x5c: chain })],
  ['a signature of another document', forge(canonical, { signed: `${canonical} ` })],
  ['a changed layer', forge(canonical).replace('sha256:a', 'sha256:b')],
  ['a changed name', forge(canonical).replace('library/app', 'library/apq')],
  [
    'a changed protected header',
    changed((made) => ({
      ...made,
      protected: base64url(`${Buffer.from(made.protected, 'base64url').toString()} `),
    })),
  ],
  ['a hash of another algorithm', forge(canonical, { key: rsaKey, header: { alg: 'RS512' } })],
  [
    'a signature of zeros',
    changed((made) => ({ ...made, signature: base64url(Buffer.alloc(64)) })),
  ],
  [
    'a signature beyond the modulus',
    forge(canonical, {
      key: rsaKey,
      change: (made) => ({ ...made, signature: base64url(Buffer.alloc(256, 0xff)) }),
    }),
  ],
  ['a modulus that was never made of primes', withModulus(2048)],
  [
    'a good signature beside a bad one',
    seal(canonical, [
      forgeSignature(canonical),
      forgeSignature(canonical, { key: rsaKey, signed: 'x' }),
    ]),
  ],
];

describe('a push is refused as unverified, before anything is verified, for', () => {
  it.each(badlySigned)('%s', (_what, payload) => {
    expect(() => decode(payload)).toThrow(expect.objectContaining({ code: 'MANIFEST_UNVERIFIED' }));
    expect(crypto.verify).not.toHaveBeenCalled();
  });
});

describe('a push is refused as unverified, once its signatures are verified, for', () => {
  it.each(notHeld)('%s', (_what, payload) => {
    expect(() => decode(payload)).toThrow(expect.objectContaining({ code: 'MANIFEST_UNVERIFIED' }));
    expect(vi.mocked(crypto.verify).mock.calls.length).toBeLessThanOrEqual(2);
    expect(crypto.verify).toHaveBeenCalled();
  });
});

describe('a push is refused before a key is made for', () => {
  it.each([
    ['an RSA key of 100,000 bits', withModulus(100_000), 'MANIFEST_UNVERIFIED'],
    ['a coordinate of 2 kB', withJwk({ x: twoKilobytes }), 'MANIFEST_UNVERIFIED'],
    [
      'too many signatures',
      seal(
        canonical,
        Array.from({ length: 17 }, () => forgeSignature(canonical)),
      ),
      'MANIFEST_INVALID',
    ],
  ])('%s', (_what, payload, code) => {
    expect(() => decode(payload)).toThrow(expect.objectContaining({ code }));
    expect(crypto.createPublicKey).not.toHaveBeenCalled();
  });
});

describe('a push is accepted', () => {
  it.each(['RS256', 'RS384', 'RS512'])('with %s', (alg) => {
    const hash = alg.replace('RS', 'sha');
    expect(() => decode(forge(canonical, { key: rsaKey, hash, header: { alg } }))).not.toThrow();
  });
});
