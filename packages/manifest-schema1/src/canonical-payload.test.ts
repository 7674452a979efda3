import { parseStrictJsonObject } from '@purser/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractCanonical, frameOf, indentOf, insertSignatures } from './canonical-payload.ts';

const whiteSpace = fc
  .array(fc.constantFrom(' ', '\t', '\r', '\n'), { maxLength: 4 })
  .map((characters) => characters.join(''));

const members = fc.dictionary(
  fc.string({ unit: 'binary' }).filter((name) => name !== 'signatures'),
  fc.jsonValue(),
  { minKeys: 1 },
);

/** Documents that no two programs would write alike. */
const documents = fc
  .tuple(members, fc.constantFrom('', ' ', '   ', '\t'), whiteSpace, whiteSpace)
  .map(([value, indent, before, after]) =>
    Buffer.from(`${JSON.stringify(value, null, indent).slice(0, -1)}${before}}${after}`),
  );

const signatures = fc.array(
  fc.dictionary(fc.string(), fc.string()).map((object) => new Map(Object.entries(object))),
  { minLength: 1, maxLength: 3 },
);

describe('a document that signatures are put into', () => {
  it('comes out again byte for byte', () => {
    fc.assert(
      fc.property(documents, signatures, (canonical, list) => {
        const signed = insertSignatures(canonical, list);
        const { bytes, document } = extractCanonical(signed, frameOf(canonical));
        expect(Buffer.compare(bytes, canonical)).toBe(0);
        expect(document).toEqual(parseStrictJsonObject(canonical));
      }),
    );
  });

  it('says what it said, and the signatures', () => {
    fc.assert(
      fc.property(documents, signatures, (canonical, list) => {
        expect(parseStrictJsonObject(insertSignatures(canonical, list))).toEqual({
          ...parseStrictJsonObject(canonical),
          signatures: list.map((signature) => Object.fromEntries(signature)),
        });
      }),
    );
  });

  it('comes out with no other length', () => {
    fc.assert(
      fc.property(documents, fc.nat(4096), (canonical, length) => {
        const { tail, ...own } = frameOf(canonical);
        fc.pre(length !== own.length);
        const signed = insertSignatures(canonical, [new Map()]);
        expect(() => extractCanonical(signed, { length, tail })).toThrow(
          expect.objectContaining({ code: 'MANIFEST_INVALID' }),
        );
      }),
    );
  });
});

describe('a document that is signed', () => {
  it('has no signatures inside of what is signed', () => {
    const payload = Buffer.from('{"signatures":[],"a":1,"signatures":[]}');
    const frame = { length: '{"signatures":[],"a":1'.length, tail: '}' };
    expect(() => extractCanonical(payload, frame)).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringContaining('signed part') as string,
      }),
    );
  });
});

describe('the frame of a document', () => {
  it.each([
    ['{"a":1}', 6, '}'],
    ['{"a":1\n}', 6, '\n}'],
    ['{"a":[1 ] \t}\r\n ', 9, ' \t}\r\n '],
    ['{"a":"é"}', 9, '}'],
  ])('of %j begins before its closing brace', (text, length, tail) => {
    expect(frameOf(Buffer.from(text))).toEqual({ length, tail });
  });

  it.each(['', ' ', '[]', '{"a":1'])('is not there when no object ends: %j', (text) => {
    expect(() => frameOf(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    );
  });
});

describe('the indentation of a document', () => {
  it.each([
    ['{\n   "a": 1\n}', '   '],
    ['{\n\t"a": 1\n}', '\t'],
    ['{\n"a": 1\n}', ''],
    ['{"a":1}', ''],
    [' {\n   "a": 1\n}', ''],
    [`{\n${' '.repeat(64)}"a": 1}`, ' '.repeat(64)],
    [`{\n${' '.repeat(65)}"a": 1}`, ''],
  ])('of %j is that of its first line, if it is a sane one', (text, indent) => {
    expect(indentOf(Buffer.from(text))).toBe(indent);
  });
});
