import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseCertificates, verifyChain } from './certificates.ts';
import {
  createAuthority,
  createDearKey,
  issue,
  type Authority,
  type Issued,
} from './fixtures/authority.ts';
import { NOW } from './fixtures/token-server.ts';

describe('a chain of certificates', () => {
  let authority: Authority;
  let intermediate: Issued;
  let leaf: Issued;
  let roots: readonly X509Certificate[];

  beforeAll(async () => {
    authority = await createAuthority();
    intermediate = await issue({ subject: 'middle', issuer: authority.issued, isAuthority: true });
    leaf = await issue({ subject: 'leaf', issuer: intermediate });
    roots = parseCertificates(authority.root.toString('pem'));
  });

  const keyOf = (...chain: readonly Issued[]) =>
    verifyChain(
      chain.map(({ der }) => der),
      { roots, now: NOW },
    );

  it('gives the key of its first certificate when it leads to a root', () => {
    expect(
      keyOf(leaf, intermediate)?.equals(
        new X509Certificate(Buffer.from(leaf.der, 'base64')).publicKey,
      ),
    ).toBe(true);
  });

  it('may hold the root, in any order, and more than is needed', async () => {
    const unrelated = await issue({ subject: 'unrelated', isAuthority: true });
    expect(keyOf(leaf, intermediate, authority.issued)).toBeDefined();
    expect(keyOf(leaf, authority.issued, unrelated, intermediate)).toBeDefined();
  });

  it('may be a single certificate, that of a root or one signed by it', async () => {
    expect(keyOf(authority.issued)).toBeDefined();
    expect(keyOf(await issue({ subject: 'direct', issuer: authority.issued }))).toBeDefined();
  });

  it('does not count without what it needs', () => {
    expect(keyOf(leaf)).toBeUndefined();
    expect(keyOf(leaf, authority.issued)).toBeUndefined();
  });

  it('does not count when another root of the same name signed it', async () => {
    const foreign = await createAuthority('root');
    const signed = await issue({ subject: 'leaf', issuer: foreign.issued });
    expect(keyOf(signed)).toBeUndefined();
    expect(keyOf(signed, foreign.issued)).toBeUndefined();
  });

  it('does not count when who signed it may not sign certificates', async () => {
    const end = await issue({ subject: 'end', issuer: authority.issued });
    const forged = await issue({ subject: 'forged', issuer: end });
    expect(keyOf(forged, end)).toBeUndefined();
  });

  it.each([
    ['is over', { notAfter: new Date('2026-05-31') }],
    ['has not begun', { notBefore: new Date('2026-06-02') }],
  ])('does not count when the time of a part of it %s', async (_, validity) => {
    const expired = await issue({ subject: 'leaf', issuer: authority.issued, ...validity });
    expect(keyOf(expired)).toBeUndefined();
    const middle = await issue({
      subject: 'm',
      issuer: authority.issued,
      isAuthority: true,
      ...validity,
    });
    expect(keyOf(await issue({ subject: 'leaf', issuer: middle }), middle)).toBeUndefined();
    const old = await issue({ subject: 'old', isAuthority: true, ...validity });
    const signed = await issue({ subject: 'leaf', issuer: old });
    const oldRoots = parseCertificates(old.certificate.toString('pem'));
    expect(verifyChain([signed.der], { roots: oldRoots, now: NOW })).toBeUndefined();
  });

  it('ends, when its certificates sign one another', async () => {
    const keys = (await issue({ subject: 'any' })).keys;
    const circle = await Promise.all(
      Array.from({ length: 5 }, () => issue({ subject: 'ring', isAuthority: true, keys })),
    );
    const member = await issue({ subject: 'member', issuer: circle[0] });
    expect(keyOf(member, ...circle)).toBeUndefined();
  });

  it.each([
    [[]],
    ['text'],
    [{}],
    [null],
    [[1]],
    [['no base64']],
    [['AAAA']],
    [Array(7).fill('AAAA')],
  ])('is not %j', (encoded) => {
    expect(verifyChain(encoded, { roots, now: NOW })).toBeUndefined();
  });

  it('is not read beyond six certificates', async () => {
    expect(keyOf(leaf, intermediate, ...Array<Issued>(5).fill(intermediate))).toBeUndefined();
  });
});

describe('certificate chains: a chain that its sender made', () => {
  let authority: Authority;
  let roots: readonly X509Certificate[];

  beforeAll(async () => {
    authority = await createAuthority();
    roots = parseCertificates(authority.root.toString('pem'));
  });
  afterEach(() => vi.restoreAllMocks());

  /** Keys that signatures are checked with while a chain is verified; each check is still made. */
  function keysTriedFor(
    chain: readonly Issued[],
    trusted: readonly X509Certificate[] = roots,
  ): readonly KeyObject[] {
    const verify = vi.spyOn(X509Certificate.prototype, 'verify');
    const options = { roots: trusted, now: NOW };
    expect(
      verifyChain(
        chain.map(({ der }) => der),
        options,
      ),
    ).toBeUndefined();
    return verify.mock.calls.map(([key]) => key);
  }

  async function selfMade(subject: string): Promise<readonly Issued[]> {
    const publicKey = createDearKey();
    const certificates: Issued[] = [];
    for (let index = 0; index < 6; index++) {
      certificates.push(await issue({ subject, isAuthority: true, publicKey }));
    }
    return certificates;
  }

  it('has no signature checked when nothing in it names a root as its issuer', async () => {
    const loop = Array.from({ length: 6 }, () => issue({ subject: 'loop', isAuthority: true }));
    expect(keysTriedFor(await Promise.all(loop))).toEqual([]);
  });

  it('has signatures checked with the key of the root alone, each once', async () => {
    const keys = keysTriedFor(await selfMade('root'));
    expect(keys).toHaveLength(6);
    expect(keys.every((key) => key.equals(roots[0]!.publicKey))).toBe(true);
  });

  it('has a bounded number of signatures checked, however many roots share a name', async () => {
    const many = await Promise.all(Array.from({ length: 8 }, () => createAuthority('root')));
    const trusted = many.map(({ root }) => new X509Certificate(root.toString('pem')));
    expect(keysTriedFor(await selfMade('root'), trusted)).toHaveLength(16);
  });

  it('is not even parsed without roots', async () => {
    const chain = (await selfMade('loop')).map(({ der }) => der);
    const parsed = vi.spyOn(Buffer, 'from');
    verifyChain(chain, { roots: [], now: NOW });
    expect(parsed).not.toHaveBeenCalled();
  });

  it('is not parsed when a certificate is longer than one can be', () => {
    const parsed = vi.spyOn(Buffer, 'from');
    expect(verifyChain(['A'.repeat(8193)], { roots, now: NOW })).toBeUndefined();
    expect(parsed).not.toHaveBeenCalled();
  });

  it.each([
    ['an RSA exponent as long as the modulus', () => createDearKey()],
    ['an RSA modulus of 16384 bits', () => createDearKey(16_384)],
    ['an unusual curve', () => generateKeyPairSync('ec', { namedCurve: 'sect571r1' }).publicKey],
    ['a key of another kind', () => generateKeyPairSync('ed448').publicKey],
  ])('does not count with %s, even when a root signed it', async (_, createKey) => {
    const middle = await issue({
      subject: 'middle',
      issuer: authority.issued,
      isAuthority: true,
      publicKey: createKey(),
    });
    const leaf = await issue({ subject: 'leaf', issuer: middle });
    const [tried, ...others] = keysTriedFor([leaf, middle]);
    expect(tried?.equals(roots[0]!.publicKey)).toBe(true);
    expect(others).toEqual([]);
    const alone = verifyChain([middle.der], { roots, now: NOW });
    expect(alone).toBeUndefined();
  });
});

describe('a bundle', () => {
  it('has certificates, and other blocks that are passed over', async () => {
    const one = await createAuthority('one');
    const two = await createAuthority('two');
    const other = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----';
    const bundle = [one.root.toString('pem'), other, two.root.toString('pem')].join('\n');
    expect(parseCertificates(bundle).map(({ subject }) => subject)).toEqual(['CN=one', 'CN=two']);
    expect(parseCertificates('nothing')).toEqual([]);
  });
});
