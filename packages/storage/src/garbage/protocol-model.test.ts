import { describe, expect, it } from 'vitest';
import { explore } from '../fixtures/garbage-model/explore.ts';
import type { Rules } from '../fixtures/garbage-model/model-state.ts';

const rules: Rules = {
  dawdles: true,
  touches: true,
  readsTouched: true,
  waitsForGrace: true,
  waitsForDeletion: true,
  looksAgainWhenIdle: true,
  hasMargin: true,
};

const KEPT = 'what a manifest refers to is there';
const GRANTED = 'what was promised is not refused';

describe(
  'in every state that the protocol of collecting garbage can come to',
  { timeout: 300_000 },
  () => {
    it('what was promised to one of two clients is there, beside a collector that may be killed', () => {
      const scope = { clients: 2, collections: 1 } as const;
      // With two clients, only those are slow that a wait of the collector makes slow, or may.
      const { violation, states, ends } = explore(scope, { ...rules, dawdles: false });
      expect(violation).toBeUndefined();
      expect({ states, ends }).toEqual({ states: 341_855, ends: 508 });
    });

    it('what was promised to a client as slow as can be is there, beside a collector and its successor', () => {
      const { violation, states, ends } = explore({ clients: 1, collections: 2 }, rules);
      expect(violation).toBeUndefined();
      expect({ states, ends }).toEqual({ states: 52_245, ends: 172 });
    });
  },
);

describe('a protocol in which a rule is missing', () => {
  it.each([
    ['a client does not touch what is condemned', { touches: false }, KEPT],
    ['a collector does not look for what was touched', { readsTouched: false }, KEPT],
    ['a collector does not wait for the grace', { waitsForGrace: false }, GRANTED],
    [
      'a client says at once that what is being deleted is missing',
      { waitsForDeletion: false },
      GRANTED,
    ],
    [
      'a slow push is believed when no collector is there any more',
      { looksAgainWhenIdle: false },
      KEPT,
    ],
    ['a late answer is promised for longer than a collector waits', { hasMargin: false }, GRANTED],
  ])('is found out: %s', (_, broken, rule) => {
    const { violation } = explore({ clients: 1, collections: 1 }, { ...rules, ...broken });
    expect(violation?.rule).toBe(rule);
    expect(violation?.trace).toContain('deleter: deletes the manifest');
  });
});
