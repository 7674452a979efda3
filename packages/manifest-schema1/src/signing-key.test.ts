import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyFile, libtrust } from './fixtures/vectors.ts';
import { keyIdOf } from './key-id.ts';
import { generateSigningKey, loadSigningKey } from './signing-key.ts';

describe('a key file of libtrust', () => {
  it.each(libtrust.keys.filter(({ name }) => name !== 'public.pem'))(
    'is loaded, and its key has the id that libtrust gives it: $name',
    ({ text, id }) => {
      expect(loadSigningKey(text).publicKey.id).toBe(id);
    },
  );

  it.each([
    ['p256', 'ES256'],
    ['p384', 'ES384'],
    ['p521', 'ES512'],
    ['rsa', 'RS256'],
  ])('signs as libtrust does with such a key: %s', (name, algorithm) => {
    expect(loadSigningKey(keyFile(`${name}.pem`).text).algorithm).toBe(algorithm);
  });
});

describe('a key of OpenSSL', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it('is loaded from PKCS #8, after other blocks and with other line ends', () => {
    const parameters =
      '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const key = loadSigningKey((parameters + pkcs8).replaceAll('\n', '\r\n'));
    expect(key.publicKey.id).toBe(keyIdOf(publicKey));
    expect(keyIdOf(privateKey)).toBe(keyIdOf(publicKey));
  });
});

function privateJwk(): Record<string, unknown> {
  return JSON.parse(keyFile('p256.json').text) as Record<string, unknown>;
}

describe('a signing key is refused when it', () => {
  const { kid: _kid, ...withoutId } = privateJwk();
  const { privateKey: small } = generateKeyPairSync('rsa', { modulusLength: 512 });
  const { privateKey: otherCurve } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const { privateKey: edwards } = generateKeyPairSync('ed25519');
  const { privateKey: locked } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (key: typeof small) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  it.each<[what: string, text: string, message: RegExp]>([
    ['is a public key', keyFile('public.pem').text, /public key cannot sign/],
    ['is a public JWK', JSON.stringify({ ...withoutId, d: undefined }), /public key cannot sign/],
    ['is empty', '', /neither PEM/],
    ['is half a JWK', '{"d": "secret', /neither PEM nor JSON/],
    ['is no key', '{"d": "x"}', /cannot be read/],
    ['has rubbish in it', pem(locked).replace(/\n.{20}/, '\n'), /cannot be read/],
    ['names another key', JSON.stringify({ ...withoutId, kid: 'ABCD' }), /kid/],
    [
      'has halves that do not belong together',
      JSON.stringify({ ...withoutId, d: Buffer.alloc(32, 7).toString('base64url') }),
      /halves|cannot be read/,
    ],
    ['is RSA of 512 bits', pem(small), /1024/],
    ['is on another curve', pem(otherCurve), /curve/],
    ['is of another kind', pem(edwards), /EC or RSA/],
    [
      'is encrypted',
      locked
        .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
      /encrypted/,
    ],
    [
      'is encrypted in the old way',
      locked
        .export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
      /encrypted/,
    ],
  ])('%s', (_what, text, message) => {
    expect(() => loadSigningKey(text)).toThrow(TypeError);
    expect(() => loadSigningKey(text)).toThrow(message);
  });

  it('is broken JSON, without quoting it', () => {
    expect(() => loadSigningKey('{"d": "secret')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') as string }),
    );
  });
});

describe('a generated signing key', () => {
  it('is another one each time, on P-256', () => {
    const keys = [generateSigningKey(), generateSigningKey()];
    expect(keys[0]?.publicKey.id).not.toBe(keys[1]?.publicKey.id);
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'ES256']);
  });

  it('has an id of twelve groups of four', () => {
    expect(generateSigningKey().publicKey.id).toMatch(/^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
  });

  it('keeps its private half to itself', () => {
    const key = loadSigningKey(keyFile('p256.json').text);
    const d = String(privateJwk()['d']);
    expect(
      JSON.stringify({ ...key, jwk: key.publicKey.object.export({ format: 'jwk' }) }),
    ).not.toContain(d);
    expect(createPrivateKey({ key: privateJwk(), format: 'jwk' }).export({ format: 'jwk' }).d).toBe(
      d,
    );
  });
});
