import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from './authentication/challenge.ts';
import { parseListHeader } from './list-header.ts';
import { nextLink } from './listing/next-link.ts';

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  nextLink: (text) => {
    try {
      return nextLink(text);
    } catch {
      return undefined;
    }
  },
  parseChallenges: (text) => parseChallenges([text]),
  parseListHeader: (text) => parseListHeader([text]),
};

/** As long as the headers of an answer may be. */
const SIZE = 60_000;

const TEXTS = [
  '<',
  '<a>',
  '<a>;',
  '<a>; ',
  '<a>;a=',
  '<a>;a="',
  ' ',
  '" ',
  'a=',
  'a ,',
  '\\"',
].flatMap((piece) =>
  [SIZE, 16_000].map((size) => `a${piece.repeat(Math.ceil(size / piece.length))}!`.slice(0, size)),
);

/** Ends the action also in the middle of a regular expression. */
function withinSeconds(seconds: number, action: () => unknown): unknown {
  return new Script('action()').runInNewContext({ action }, { timeout: seconds * 1000 });
}

describe('catastrophic backtracking: headers of a hostile registry', () => {
  it.each(Object.entries(READERS))('are read by %s in linear time', (_name, read) => {
    expect(withinSeconds(5, () => TEXTS.map((text) => read(text)))).toHaveLength(TEXTS.length);
  });
});
