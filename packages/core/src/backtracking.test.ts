import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isDigest } from './digest.ts';
import { bareMediaType, isMediaType } from './media-type.ts';
import { parseReference } from './reference.ts';
import { isRepositoryName } from './repository-name.ts';
import { isTag } from './tag.ts';

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  isDigest,
  isMediaType,
  bareMediaType,
  isRepositoryName,
  isTag,
  parseReference: (text) => {
    try {
      return parseReference(text);
    } catch {
      return undefined;
    }
  },
};

const SIZE = 100_000;
/** What grammars of nested repetitions try in ever more ways, each with an end that fits none of them. */
const TEXTS = [
  'a',
  'a.',
  'a_',
  'a__',
  'a-',
  'a/',
  '-',
  '.',
  'a:',
  'a@',
  ':',
  ';a=',
  'sha256:',
  '1',
].map((piece) => `${piece.repeat(Math.ceil(SIZE / piece.length))}!`);

/** Ends it also in the middle of a regular expression. */
function withinSeconds(seconds: number, action: () => unknown): unknown {
  const script = new Script('action()');
  return script.runInNewContext({ action }, { timeout: seconds * 1000 });
}

describe('catastrophic backtracking: a text of 100 kB', () => {
  it.each(Object.entries(READERS))('is judged by %s in steps that are few', (_name, read) => {
    expect(withinSeconds(5, () => TEXTS.map((text) => read(text)))).toHaveLength(TEXTS.length);
  });

  it('would be seen not to be, by this test', () => {
    const slow = () => /^(?:a+)+$/.test(`${'a'.repeat(100)}!`);
    expect(() => withinSeconds(0.2, slow)).toThrow('timed out');
  });
});
