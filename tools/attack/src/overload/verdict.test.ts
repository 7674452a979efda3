import { describe, expect, it } from 'vitest';
import type { AssaultReport, Phase } from './assault.ts';
import { USUAL_BOUNDS } from './plans.ts';
import type { Holding } from './process-tree.ts';
import { failuresOf } from './verdict.ts';

const MEBIBYTE = 1024 * 1024;
const BOUNDS = { ...USUAL_BOUNDS, slower: 3 };

const phase = (change: Partial<Phase> = {}): Phase => ({
  latency: { visits: 300, median: 20, p99: 40, longest: 60 },
  refusals: [],
  processor: 0.3,
  ...change,
});

const holding = (change: Partial<Holding> = {}): Holding => ({
  largest: 170 * MEBIBYTE,
  bytes: 170 * MEBIBYTE,
  sockets: 3,
  files: 20,
  ...change,
});

const held = (change: Partial<AssaultReport['held']> = {}): AssaultReport['held'] => ({
  before: holding(),
  during: holding({ sockets: 1000 }),
  after: holding(),
  again: [],
  peak: 200 * MEBIBYTE,
  ...change,
});

/** A server that keeps all bounds, but for the change. */
const report = (change: Partial<AssaultReport> = {}): AssaultReport => ({
  before: phase(),
  during: phase(),
  after: phase(),
  held: held(),
  burst: { ms: 100, refusal: undefined },
  recoveredAfter: 0.5,
  result: { open: 1000, sent: 0, answers: {}, processorMs: 100 },
  attackSeconds: 10,
  answers: {},
  ...change,
});

const latency = (median: number, p99: number, visits = 300) =>
  phase({ latency: { visits, median, p99, longest: p99 } });
const grown = (...sizes: number[]) => sizes.map((size) => holding({ bytes: size * MEBIBYTE }));

const BROKEN: readonly (readonly [string, Partial<AssaultReport>, RegExp])[] = [
  ['a refusal during the attack', { during: phase({ refusals: ['got 429'] }) }, /1 visits.*429/],
  ['a refusal after the attack', { after: phase({ refusals: ['got 429'] }) }, /failed after/],
  ['a slow median', { during: latency(61, 62) }, /^median during the attack is 3\.0\d* times/],
  ['slow visits', { during: latency(20, 121) }, /^p99 during the attack is 3\.0 times/],
  ['slow visits afterwards', { after: latency(20, 200) }, /^p99 after the attack is 5\.0 times/],
  ['one long visit among few', { during: latency(20, 3001, 10) }, /^a visit during .* 3001 ms/],
  ['no visit at all', { during: latency(Infinity, Infinity, 0) }, /^median during/],
  ['refused requests at once', { burst: { ms: 1, refusal: 'got 429' } }, /at once.*429/],
  ['slow requests at once', { burst: { ms: 3001, refusal: undefined } }, /at once.*3001 ms/],
  [
    'a large process',
    { held: held({ before: holding({ largest: 350 * MEBIBYTE }), peak: 401 * MEBIBYTE }) },
    /had 401 MiB/,
  ],
  ['memory for the attack', { held: held({ peak: 371 * MEBIBYTE }) }, /201 MiB more than before/],
  ['processor time', { during: phase({ processor: 0.81 }) }, /0\.51 s of processor time/],
  ['a late recovery', { recoveredAfter: 5.1 }, /normal after 5\.1 s/],
  ['no recovery', { recoveredAfter: undefined }, /normal not/],
  ['leaked sockets', { held: held({ after: holding({ sockets: 4 }) }) }, /^1 sockets leaked/],
  ['leaked files', { held: held({ after: holding({ files: 25 }) }) }, /^5 files leaked/],
  ['leaked memory', { held: held({ again: grown(170, 175, 240, 240) }) }, /70 MiB that did not/],
];

describe('the verdict of an overload', () => {
  it('is good when all bounds are kept', () => {
    const again = grown(170, 200, 200, 230);
    expect(failuresOf(report({ held: held({ again }) }), BOUNDS)).toEqual([]);
  });

  it.each(BROKEN)('names %s', (_name, change, expected) => {
    const failures = failuresOf(report(change), BOUNDS);
    expect(failures.filter((failure) => expected.test(failure))).not.toEqual([]);
  });

  it('does not name slow visits that nobody notices, nor the slowest of few', () => {
    expect(failuresOf(report({ during: latency(49, 49) }), BOUNDS)).toEqual([]);
    expect(failuresOf(report({ during: latency(20, 500, 199) }), BOUNDS)).toEqual([]);
  });
});
