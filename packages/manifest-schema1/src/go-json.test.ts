import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeGoJson, quote, type GoValue } from './go-json.ts';

describe('JSON as Go writes it', () => {
  it('escapes what means something to HTML, and control characters at length', () => {
    expect(quote('<a>&\u2028\u2029\b\f\n\t\\b"\u007f')).toBe(
      String.raw`"\u003ca\u003e\u0026\u2028\u2029\u0008\u000c\n\t\\b\"${'\u007f'}"`,
    );
  });

  it('replaces halves of characters', () => {
    expect(quote('\ud800')).toBe('"\ufffd"');
  });

  it('sorts the members of objects by their bytes, also those that look like numbers', () => {
    const object = { 10: 1, 9: 2, '\u{10000}': 3, '\uffff': 4, b: 5, a: 6 };
    expect(encodeGoJson(object)).toBe('{"10":1,"9":2,"a":6,"b":5,"\uffff":4,"\u{10000}":3}');
  });

  it('keeps the order of maps, and leaves out what is undefined', () => {
    const map = new Map<string, GoValue | undefined>([
      ['b', true],
      ['c', undefined],
      ['a', null],
    ]);
    expect(encodeGoJson(map)).toBe('{"b":true,"a":null}');
  });

  it('begins each line as it is told, and has none for what is empty', () => {
    const lines = { prefix: '>', indent: '.' };
    expect(encodeGoJson([{ a: [], b: {}, c: [-0, 1.5] }], lines)).toBe(
      '[\n>.{\n>.."a": [],\n>.."b": {},\n>.."c": [\n>...-0,\n>...1.5\n>..]\n>.}\n>]',
    );
  });

  it('means the same as it did', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }), (value) => {
        expect(JSON.parse(encodeGoJson(value as GoValue))).toEqual(value);
      }),
    );
  });
});
