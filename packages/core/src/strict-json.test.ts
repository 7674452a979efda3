import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistryError } from './errors.ts';
import { isObject, parseStrictJsonObject } from './strict-json.ts';

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What an action gives or throws. */
function outcomeOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

function refusalOf(content: Uint8Array | string): RegistryError {
  try {
    parseStrictJsonObject(typeof content === 'string' ? encode(content) : content);
  } catch (error) {
    if (RegistryError.is(error, 'MANIFEST_INVALID')) return error;
    throw error;
  }
  throw new Error('the document was accepted');
}

/** An object with arrays inside it, `depth` levels in all. */
function nested(depth: number): string {
  return `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
}

describe('parseStrictJsonObject', () => {
  it.each([
    ['{}', {}],
    [' \r\n\t{ "a" : [ 1 , { } ] }\n', { a: [1, {}] }],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', { a: '{"a":1,"a":2}' }],
    ['{"a":["a","a"],"b":"a"}', { a: ['a', 'a'], b: 'a' }],
    ['{"a":{"x":1},"b":{"x":2}}', { a: { x: 1 }, b: { x: 2 } }],
    ['{"a":[{"x":1},{"x":2}],"x":3}', { a: [{ x: 1 }, { x: 2 }], x: 3 }],
    ['{"a":{"a":{"a":1}}}', { a: { a: { a: 1 } } }],
    ['{"a":1,"A":2}', { a: 1, A: 2 }],
    ['{"":1,"\\"":2,"\\\\":3}', { '': 1, '"': 2, '\\': 3 }],
    ['{"a":"\\\\","b":"]}[{"}', { a: '\\', b: ']}[{' }],
    ['{"é":"\\ud83d\\ude00"}', { é: '😀' }],
  ])('reads %s', (text, expected) => {
    expect(parseStrictJsonObject(encode(text))).toEqual(expected);
  });

  it('reads what JSON writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (object) => {
        const text = JSON.stringify(object);
        expect(parseStrictJsonObject(encode(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('never accepts what JSON does not, nor reads it otherwise', () => {
    const nearly = fc
      .tuple(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), fc.nat(), fc.string())
      .map(([object, at, text]) => {
        const json = JSON.stringify(object);
        const cut = at % json.length;
        return json.slice(0, cut) + text.slice(0, 1) + json.slice(cut + 1);
      });
    fc.assert(
      fc.property(nearly, (text) => {
        expect(outcomeOf(() => parseStrictJsonObject(encode(text)))).toSatisfy(
          (outcome) =>
            RegistryError.is(outcome, 'MANIFEST_INVALID') ||
            isDeepStrictEqual(outcome, JSON.parse(text)),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['text that is no JSON', 'manifest'],
    ['a list', '[{}]'],
    ['null', 'null'],
    ['a number', '2'],
    ['a string', '"{}"'],
    ['two objects', '{}{}'],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{/* */}'],
    ['single quotes', "{'a':1}"],
    ['an object that is not closed', '{"a":1'],
    ['an object that is closed twice', '{"a":1}}'],
    ['brackets that do not match', '{"a":[1}]'],
    ['a name that is not closed', '{"a'],
    ['a value that is not closed', '{"a":"b'],
    ['a string that ends in a back-slash', '{"a":"b\\'],
    ['a string whose closing quote is escaped', '{"a":"b\\"}'],
    ['a line break in a string', '{"a":"\n"}'],
    ['an unknown escape', '{"a":"\\x41"}'],
    ['an escape in a name that is cut short', '{"\\u00":1}'],
    ['a number that is none', '{"a":NaN}'],
    ['white space that is not of JSON', '{"a"\u00a0:1}'],
    ['a byte order mark', '\uFEFF{}'],
  ])('refuses %s', (_name, text) => {
    expect(refusalOf(text).detail).toEqual({ reason: expect.any(String) });
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['a sequence cut short', [0xc3]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a byte that is never used', [0xff]],
  ])('refuses what is no UTF-8: %s', (_name, wrong) => {
    const content = Uint8Array.from([...encode('{"a":"'), ...wrong, ...encode('"}')]);
    expect(refusalOf(content).message).toContain('UTF-8');
  });

  it('refuses UTF-16', () => {
    expect(refusalOf(Buffer.from('\uFEFF{}', 'utf16le')).code).toBe('MANIFEST_INVALID');
  });

  it('keeps the cause of a refusal', () => {
    expect(refusalOf('{').cause).toBeInstanceOf(SyntaxError);
  });
});

describe('parseStrictJsonObject and members named twice', () => {
  it.each([
    ['plainly', '{"a":1,"a":2}'],
    ['with equal values', '{"a":1,"a":1}'],
    ['with others between', '{"a":1,"b":{"c":1},"d":[{"e":1}],"a":2}'],
    ['in an object inside', '{"x":{"a":1,"a":2}}'],
    ['in an object of a list', '{"x":[1,{"a":1,"a":2}]}'],
    ['by an escape', '{"a":1,"\\u0061":2}'],
    ['by an escape in the first', '{"\\u0061":1,"a":2}'],
    ['by two spellings of an escape', '{"\\u00e9":1,"\\u00E9":2}'],
    ['by an escape for a slash', '{"a/b":1,"a\\/b":2}'],
    ['by an escape inside', '{"digest":1,"dige\\u0073t":2}'],
    ['with white space before the colon', '{"a" \n:1,"a"\t:2}'],
    ['by a name outside the first plane', '{"😀":1,"\\ud83d\\ude00":2}'],
    ['by no name at all', '{"":1,"":2}'],
    ['as __proto__', '{"__proto__":{},"__proto__":{}}'],
    ['as constructor', '{"constructor":1,"constructor":1}'],
  ])('refuses them: %s', (_name, text) => {
    expect(refusalOf(text).message).toContain('appears twice');
  });

  it('names the member, and no more than 100 characters of it', () => {
    const name = 'x'.repeat(1000);
    const { message } = refusalOf(`{"${name}":1,"${name}":2}`);
    expect(message).toContain(`"${'x'.repeat(100)}"`);
  });
});

describe('parseStrictJsonObject and depth (deep documents)', () => {
  it('reads what is nested 64 deep', () => {
    expect(parseStrictJsonObject(encode(nested(64)))).toHaveProperty('a');
  });

  it.each([65, 10_000, 2_000_000])('refuses what is nested %i deep', (depth) => {
    expect(refusalOf(nested(depth)).message).toContain('64 deep');
  });

  it('refuses depth that is never closed', () => {
    expect(refusalOf('{"a":'.repeat(800_000)).message).toContain('64 deep');
  });

  it('does not count brackets in strings', () => {
    const brackets = '[{'.repeat(1000);
    expect(parseStrictJsonObject(encode(JSON.stringify({ a: brackets })))).toEqual({ a: brackets });
  });
});

describe('parseStrictJsonObject and the names of prototypes (prototype pollution)', () => {
  it('reads __proto__ as a member like any other', () => {
    const object = parseStrictJsonObject(encode('{"__proto__":{"mediaType":"a/b"},"a":1}'));
    expect(Object.keys(object)).toEqual(['__proto__', 'a']);
    expect(object['mediaType']).toBeUndefined();
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect('mediaType' in {}).toBe(false);
  });

  it('does not take what objects inherit for members that were met', () => {
    expect(Object.keys(parseStrictJsonObject(encode('{"constructor":1,"toString":2}')))).toEqual([
      'constructor',
      'toString',
    ]);
  });
});

describe('parseStrictJsonObject and documents of 4 MiB', () => {
  const size = 4 * 1024 * 1024;
  const names = Array.from({ length: size / 16 }, (_, index) => `"${index}":{}`).join(',');

  it.each([
    ['one long string', `{"a":"${'x'.repeat(size)}"}`],
    ['escapes', `{"a":"${'\\n'.repeat(size / 2)}"}`],
    ['white space after a name', `{"a"${' '.repeat(size)}:1}`],
    [
      'white space after each of many strings',
      `{"a":[${`"b"${' '.repeat(1000)},`.repeat(size / 1000)}1]}`,
    ],
    ['members', `{${names}}`],
    [
      'members with escapes',
      `{${names.replaceAll('"', '"\\u0061').replaceAll('"\\u0061:', '":')}}`,
    ],
    ['empty lists', `{"a":[${'[],'.repeat(size / 3)}[]]}`],
  ])('reads %s within five seconds', (_name, text) => {
    const content = encode(text);
    const start = performance.now();
    expect(isObject(parseStrictJsonObject(content))).toBe(true);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it.each([
    ['quotes', '"'.repeat(size)],
    ['back-slashes', `{"${'\\'.repeat(size)}`],
    ['opening brackets', '['.repeat(size)],
    ['closing brackets', `{${'}'.repeat(size)}`],
    ['strings with white space and no colon', `{${`"a"${' '.repeat(1000)}`.repeat(size / 1000)}`],
  ])('refuses %s within five seconds', (_name, text) => {
    const content = encode(text);
    const start = performance.now();
    expect(refusalOf(content).code).toBe('MANIFEST_INVALID');
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('isObject', () => {
  it('is true for what JSON calls an object', () => {
    expect(isObject({})).toBe(true);
    expect(isObject(Object.create(null))).toBe(true);
  });

  it.each([[undefined], [null], [[]], ['{}'], [1], [true]])('is false for %j', (value) => {
    expect(isObject(value)).toBe(false);
  });
});
