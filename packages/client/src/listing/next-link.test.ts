import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { nextLink } from './next-link.ts';

describe('the link to the next page', () => {
  it.each([
    ['</v2/x?last=a>; rel="next"', '/v2/x?last=a'],
    ['</a>;rel=next', '/a'],
    ['</a> ; REL = "prev Next"', '/a'],
    ['</a>; title="x, <y>; \\"rel"; rel="next"', '/a'],
    ['</a>; rel="prev", </b>; rel="next"', '/b'],
    ['</a>; rel="first"; rel="next"', undefined],
    ['</a>; rel="nextish"', undefined],
    ['</a>; title="rel=next"', undefined],
    ['</a,b;c>; type=a; rel=next', '/a,b;c'],
    ['rubbish, =;"</a>; rel=next', '/a'],
    ['</a', undefined],
    ['', undefined],
  ])('of %s is %s', (value, expected) => {
    expect(nextLink(value)).toBe(expected);
  });

  it('is refused in a header that is too long', async () => {
    const value = `<${'a'.repeat(20_000)}>; rel="next"`;
    const failure = await failureOf((async () => nextLink(value))());
    expect(failure).toMatchObject({ code: 'RESPONSE_INVALID' });
  });
});
