import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.ts';

/** What was found, as plain values. */
function parse(...lines: readonly string[]) {
  return parseChallenges(lines).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

describe('parseChallenges', () => {
  for (const [line, expected] of [
    [
      'Bearer realm="https://auth.example/token",service="a b",scope="repository:a/b:pull,push"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.example/token',
            service: 'a b',
            scope: 'repository:a/b:pull,push',
          },
        ],
      ],
    ],
    [
      'Bearer realm=https://auth.example/token?x=1,service=registry.example',
      [['bearer', { realm: 'https://auth.example/token?x=1', service: 'registry.example' }]],
    ],
    [
      'BASIC Realm = "x" , Bearer REALM="y", scope=z',
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y', scope: 'z' }],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['Basic realm="a \\"quoted\\" \\\\ word"', [['basic', { realm: 'a "quoted" \\ word' }]]],
    ['Basic realm="never ends', [['basic', { realm: 'never ends' }]]],
    ['Basic realm=""', [['basic', { realm: '' }]]],
    ['Basic realm=', [['basic', { realm: '' }]]],
    ['Basic realm="first", realm="second"', [['basic', { realm: 'first' }]]],
    ['Basic', [['basic', {}]]],
    ['realm="of nothing"', []],
    [' , ,=, "" ', []],
    ['', []],
  ] as const) {
    it(`reads ${line || 'nothing'}`, () => {
      expect(parse(line)).toEqual(expected);
    });
  }

  it('reads challenges from several lines', () => {
    expect(parse('Basic realm="x"', 'Bearer realm="y"')).toEqual([
      ['basic', { realm: 'x' }],
      ['bearer', { realm: 'y' }],
    ]);
  });

  it('keeps names that objects have of their own', () => {
    const [challenge] = parseChallenges(['Bearer __proto__="x", constructor=y']);
    expect(challenge?.parameters.get('__proto__')).toBe('x');
    expect(challenge?.parameters.get('realm')).toBeUndefined();
  });

  it('reads back what was written', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const challenge = fc.tuple(
      word,
      fc.uniqueArray(fc.tuple(word, fc.string()), {
        selector: ([name]) => name,
        minLength: 1,
      }),
    );
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 5 }), (challenges) => {
        const quote = (value: string) => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
        const line = challenges
          .map(([scheme, parameters]) => {
            const texts = parameters.map(([name, value]) => `${name}=${quote(value)}`);
            return `${scheme} ${texts.join(', ')}`;
          })
          .join(', ');
        expect(parse(line)).toEqual(
          challenges.map(([scheme, parameters]) => [scheme, Object.fromEntries(parameters)]),
        );
      }),
    );
  });

  it('takes steps in proportion to its length, whatever it is given', () => {
    fc.assert(fc.property(fc.string(), (line) => void parseChallenges([line])));
    // As long as headers may be.
    const size = 65_536;
    for (const piece of [
      '"',
      '\\',
      ',',
      '=',
      ' ',
      'a',
      'a ',
      'a=',
      'a="',
      '"\\',
      'a="\\"',
      ' =',
      ', ',
    ]) {
      // Quadratic time would take far longer than the limit of this test.
      const line = piece.repeat(size / piece.length);
      expect(parseChallenges([line, `Basic realm="${line}`]).length).toBeLessThanOrEqual(16);
    }
  }, 60_000);
});
