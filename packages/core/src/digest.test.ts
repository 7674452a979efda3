import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  algorithmOf,
  contentMismatch,
  Digester,
  digestOf,
  encodedOf,
  isDigest,
  isSupportedAlgorithm,
  isSupportedDigest,
  parseDigest,
  supportedAlgorithmOf,
  verifyingStream,
  type DigestAlgorithm,
} from './digest.ts';

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const ALGORITHMS: readonly DigestAlgorithm[] = ['sha256', 'sha384', 'sha512'];

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe('parseDigest', () => {
  it.each([
    EMPTY,
    `sha256:${'0'.repeat(64)}`,
    `sha384:${'a'.repeat(96)}`,
    `sha512:${'f'.repeat(128)}`,
    // The examples of OCI image-spec, descriptor.md.
    'sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b',
    'sha512:401b09eab3c013d4ca54922bb802bec8fd5318192b0a75f201d8b3727429080fb337591abd3e44453b954555b7a0812e1081c39b740293f765eae731f5a65ed1',
    'multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8',
    'sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564',
    'md5:d41d8cd98f00b204e9800998ecf8427e',
    'a.b_c-d+e1:=',
  ])('reads %s', (text) => {
    expect(parseDigest(text)).toBe(text);
    expect(isDigest(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['no colon', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['no algorithm', `:${'a'.repeat(64)}`],
    ['no encoded part', 'sha256:'],
    ['an unknown algorithm without an encoded part', 'md5:'],
    ['two colons', `sha256:${'a'.repeat(32)}:${'a'.repeat(31)}`],
    ['sha256 one digit short', EMPTY.slice(0, -1)],
    ['sha256 one digit long', `${EMPTY}0`],
    ['sha256 of the length of sha512', `sha256:${'a'.repeat(128)}`],
    ['sha384 of the length of sha256', `sha384:${'a'.repeat(64)}`],
    ['sha512 of the length of sha256', `sha512:${'a'.repeat(64)}`],
    ['upper-case hex digits', `sha256:${'A'.repeat(64)}`],
    ['one upper-case hex digit', EMPTY.replace('e3b0', 'E3b0')],
    ['letters that are no hex digits', `sha256:${'g'.repeat(64)}`],
    ['an upper-case algorithm', EMPTY.replace('sha', 'SHA')],
    ['an algorithm that begins with a separator', '+sha:abc'],
    ['an algorithm that ends with a separator', 'sha+:abc'],
    ['an algorithm with two separators together', 'sha+-b:abc'],
    ['a slash in the encoded part', 'md5:a/b'],
    ['dots that lead out of a directory', 'md5:../../secret'],
    ['a percent sign', 'md5:%2e%2e'],
    ['a line break at the end', `${EMPTY}\n`],
    ['a line break before it', `\n${EMPTY}`],
    ['a space around it', ` ${EMPTY}`],
    ['a NUL', 'md5:a\0'],
    ['513 characters', `md5:${'a'.repeat(509)}`],
  ])('refuses %s', (_name, text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }));
    expect(isDigest(text)).toBe(false);
  });

  it('V-7 refuses a blake3 digest that is not 64 lower-case hex digits', () => {
    expect(isDigest(`blake3:${'a'.repeat(64)}`)).toBe(true);
    expect(isDigest(`blake3:${'a'.repeat(63)}`)).toBe(false);
    expect(isDigest(`blake3:${'A'.repeat(64)}`)).toBe(false);
  });

  it('repeats no more than 512 characters of what it refuses', () => {
    expect(() => parseDigest('x'.repeat(100_000))).toThrow(
      expect.objectContaining({ detail: { digest: 'x'.repeat(512) } }),
    );
  });

  it.each([
    ['letters', 'a'.repeat(100_000)],
    ['algorithm parts', 'a+'.repeat(50_000)],
    ['colons', ':'.repeat(100_000)],
    ['hex digits', `sha256:${'a'.repeat(100_000)}`],
  ])('refuses 100 kB of %s within a second', (_name, text) => {
    const start = performance.now();
    expect(isDigest(text)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('the algorithm of a digest', () => {
  it('is the part before the colon', () => {
    const digest = parseDigest('multihash+base58:Qm=_-');
    expect(algorithmOf(digest)).toBe('multihash+base58');
    expect(encodedOf(digest)).toBe('Qm=_-');
  });

  it.each(ALGORITHMS)('is supported when it is %s', (algorithm) => {
    const digest = digestOf(bytes('content'), algorithm);
    expect(isSupportedAlgorithm(algorithm)).toBe(true);
    expect(isSupportedDigest(digest)).toBe(true);
    expect(supportedAlgorithmOf(digest)).toBe(algorithm);
  });

  it.each(['md5', 'blake3', 'sha1', 'constructor', '__proto__', 'toString'])(
    'is not supported when it is %s',
    (algorithm) => {
      expect(isSupportedAlgorithm(algorithm)).toBe(false);
    },
  );

  it('names itself when content cannot be checked against it', () => {
    const digest = parseDigest('md5:d41d8cd98f00b204e9800998ecf8427e');
    expect(isSupportedDigest(digest)).toBe(false);
    expect(() => supportedAlgorithmOf(digest)).toThrow(
      expect.objectContaining({
        code: 'DIGEST_INVALID',
        message: expect.stringMatching(/md5.*sha256, sha384, sha512/),
        detail: { digest },
      }),
    );
  });
});

describe('digestOf', () => {
  it('gives the digest of empty content', () => {
    expect(digestOf(new Uint8Array(0))).toBe(EMPTY);
  });

  it('gives a well-formed digest of any content by any algorithm', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(...ALGORITHMS), (content, algorithm) => {
        const digest = digestOf(content, algorithm);
        expect(parseDigest(digest)).toBe(digest);
        expect(encodedOf(digest)).toBe(createHash(algorithm).update(content).digest('hex'));
      }),
    );
  });
});

describe('Digester', () => {
  it('gives the digest and size of the bytes so far, and goes on', () => {
    const digester = new Digester();
    expect([digester.digest(), digester.size]).toEqual([EMPTY, 0]);
    digester.update(bytes('a'));
    expect([digester.digest(), digester.size]).toEqual([digestOf(bytes('a')), 1]);
    digester.update(bytes('é'));
    expect([digester.digest(), digester.size]).toEqual([digestOf(bytes('aé')), 3]);
  });

  it('gives one digest however the content is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const digester = new Digester('sha512');
        for (const chunk of chunks) digester.update(chunk);
        const whole = Buffer.concat(chunks);
        expect(digester.digest()).toBe(digestOf(whole, 'sha512'));
        expect(digester.size).toBe(whole.byteLength);
      }),
    );
  });
});

describe('verifyingStream', () => {
  it.each(ALGORITHMS)(
    'passes content through that is what its %s digest says',
    async (algorithm) => {
      const content = bytes('a'.repeat(200_000));
      const verified = Readable.from([content.subarray(0, 7), content.subarray(7)]).pipe(
        verifyingStream(digestOf(content, algorithm)),
      );
      expect(Buffer.compare(await buffer(verified), content)).toBe(0);
    },
  );

  it('passes empty content through', async () => {
    const verified = Readable.from([]).pipe(verifyingStream(parseDigest(EMPTY)));
    expect(await buffer(verified)).toHaveLength(0);
  });

  it.each([
    ['other', 'wrong'],
    ['cut short', 'righ'],
    ['longer', 'right!'],
    ['empty', ''],
  ])('fails at the end of content that is %s', async (_name, content) => {
    const expected = digestOf(bytes('right'));
    const reading = pipeline(
      Readable.from(content === '' ? [] : [bytes(content)]),
      verifyingStream(expected),
      buffer,
    );
    await expect(reading).rejects.toMatchObject({
      code: 'DIGEST_INVALID',
      detail: { digest: expected },
    });
  });

  it('lets the failure of its source pass', async () => {
    const broken = new Error('connection lost');
    const source = Readable.from(
      (async function* () {
        yield bytes('right');
        throw broken;
      })(),
    );
    await expect(pipeline(source, verifyingStream(digestOf(bytes('right'))), buffer)).rejects.toBe(
      broken,
    );
  });

  it('refuses at once a digest that cannot be computed', () => {
    expect(() => verifyingStream(parseDigest('md5:abc'))).toThrow(
      expect.objectContaining({ code: 'DIGEST_INVALID' }),
    );
  });
});

describe('contentMismatch', () => {
  it('names the digest that was expected', () => {
    const error = contentMismatch(parseDigest(EMPTY));
    expect(error.code).toBe('DIGEST_INVALID');
    expect(error.message).toContain(EMPTY);
  });
});
