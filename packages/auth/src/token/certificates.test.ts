import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCertificates, verifyChain } from './certificates.ts';
import { createAuthority, issue, type Authority, type Issued } from './fixtures/authority.ts';
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
