import { describe, expect, it } from 'vitest';
import {
  DISTRIBUTION_EXAMPLES,
  type DistributionExample,
} from '../fixtures/distribution-examples.ts';
import { parseConfig } from './load.ts';
import { ConfigurationError } from './problems.ts';
import { printConfig } from './print.ts';

interface Outcome {
  readonly refused: readonly string[];
  readonly warnings: readonly string[];
}

/** What an example is told, without the places. */
function outcomeOf({ text, environment = {} }: DistributionExample): Outcome {
  const lines = (all: readonly string[]) => all.map((line) => line.replace(/^[^:]*:\d+:\d+: /, ''));
  try {
    return { refused: [], warnings: lines(parseConfig(text, { environment }).warnings) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { refused: lines(error.problems), warnings: lines(error.warnings) };
  }
}

function written(example: DistributionExample): string {
  const { refused, warnings } = outcomeOf(example);
  const lines = [
    ...refused.map((line) => `refused: ${line}`),
    ...warnings.map((line) => `warning: ${line}`),
  ];
  const said = lines.length === 0 ? ['good'] : lines;
  return `${example.source}\n${said.map((line) => `  ${line}\n`).join('')}`;
}

const isRefused = (example: DistributionExample) => outcomeOf(example).refused.length > 0;

describe('the example configurations of distribution', () => {
  it('are told this and no more: npx vitest run apps/registry/src/config -u writes it', async () => {
    await expect(DISTRIBUTION_EXAMPLES.map(written).join('')).toMatchFileSnapshot(
      '../fixtures/distribution-examples.txt',
    );
  });

  it('load, but for those that need a driver or a service that is not there', () => {
    for (const example of DISTRIBUTION_EXAMPLES.filter(isRefused)) {
      expect(example.source).toMatch(/s3|azure|middleware|letsencrypt/);
      expect(outcomeOf(example).refused.join('\n')).toMatch(
        /storage\.(?:s3|azure): |letsencrypt|cloudfront/,
      );
    }
  });

  it.each(DISTRIBUTION_EXAMPLES.filter((example) => !isRefused(example)))(
    'mean the same when they are printed: $source',
    ({ text, environment = {} }) => {
      const { config, effective } = parseConfig(text, { environment });
      const { config: again } = parseConfig(printConfig(effective));
      const withoutSecrets = (value: unknown) =>
        JSON.stringify(value, (key, member: unknown) =>
          /^secret$|password|private_key|credentials|headers/.test(key) ? '***' : member,
        );
      expect(withoutSecrets(again)).toBe(withoutSecrets(config));
    },
  );
});
