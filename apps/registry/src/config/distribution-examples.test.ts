import { describe, expect, it } from 'vitest';
import {
  DISTRIBUTION_EXAMPLES,
  type DistributionExample,
} from '../fixtures/distribution-examples.ts';
import { parseConfig } from './load.ts';
import { ConfigurationError } from './problems.ts';
import { printConfig } from './print.ts';

/** What an example is told, without the places: a start that is refused, or warnings. */
function outcomeOf({ text, environment = {} }: DistributionExample) {
  const lines = (all: readonly string[]) => all.map((line) => line.replace(/^[^:]*:\d+:\d+: /, ''));
  try {
    return { warnings: lines(parseConfig(text, { environment }).warnings) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { refused: lines(error.problems), warnings: lines(error.warnings) };
  }
}

describe('the example configurations of distribution', () => {
  it('are told this and no more', async () => {
    const outcomes = Object.fromEntries(
      DISTRIBUTION_EXAMPLES.map((example) => [example.source, outcomeOf(example)]),
    );
    expect(Object.keys(outcomes)).toHaveLength(DISTRIBUTION_EXAMPLES.length);
    await expect(`${JSON.stringify(outcomes, null, 2)}\n`).toMatchFileSnapshot(
      '../fixtures/distribution-examples.json',
    );
  });

  it.each(DISTRIBUTION_EXAMPLES.filter((example) => !('refused' in outcomeOf(example))))(
    'mean the same when they are printed: $source',
    ({ text, environment = {} }) => {
      const { config, effective } = parseConfig(text, { environment });
      const { config: again } = parseConfig(printConfig(effective));
      const withoutSecrets = (value: unknown) =>
        JSON.stringify(value, (key, member: unknown) =>
          /password|private_key|credentials|headers/.test(key) ? '***' : member,
        );
      expect(withoutSecrets(again)).toBe(withoutSecrets(config));
    },
  );
});
