import { STRICT_BASELINE, STRICT_LABELS, STRICT_SWITCHES } from './strict-profile.ts';
import { parseSuiteOutput, type Counts, type UnpassedTest } from './suite-output.ts';
import { parseSuiteResults, type SuiteResults } from './suite-results.ts';

/** What a run of the suite left behind. */
export interface SuiteRun {
  /** `host:port` that the suite was pointed at. */
  readonly registry: string;
  /** `undefined` when the suite was ended by a signal, or could not be started. */
  readonly exitCode: number | undefined;
  /** Its standard output. */
  readonly output: string;
  /** The content of `results.yaml`, if this run wrote one. */
  readonly results: string | undefined;
}

export interface Verdict {
  readonly counts: Counts | undefined;
  /** Why the run does not count as passed; empty when it does. */
  readonly problems: readonly string[];
  readonly unpassed: readonly UnpassedTest[];
}

/**
 * Judges a run in the strict profile. The exit code alone proves little: it is 0 for any number of skipped tests, and when the
 * run never happened. A label's status alone proves little: one pass hides any number of skips. So all must agree.
 */
export function judge({ registry, exitCode, output, results }: SuiteRun): Verdict {
  const { counts, unpassed } = parseSuiteOutput(output);
  const problems = [
    ...(exitCode === 0 ? [] : [`the suite ended with exit code ${exitCode ?? 'none'}`]),
    ...judgeCounts(counts),
    ...(results === undefined
      ? ['the suite wrote no results.yaml']
      : judgeResultsText(results, registry)),
  ];
  return { counts, problems, unpassed };
}

function judgeCounts(counts: Counts | undefined): readonly string[] {
  if (counts === undefined) return ['the suite printed no counts'];
  const { Pass, ...others } = counts;
  const unwanted = Object.entries(others).filter(([, count]) => count > 0);
  return [
    ...unwanted.map(([status, count]) => `${count} checks ended with ${status}`),
    ...(Pass < STRICT_BASELINE ? [`${Pass} checks passed, ${STRICT_BASELINE} are expected`] : []),
  ];
}

function judgeResultsText(text: string, registry: string): readonly string[] {
  try {
    return judgeResults(parseSuiteResults(text), registry);
  } catch (error) {
    return [
      `results.yaml cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    ];
  }
}

function judgeResults(results: SuiteResults, registry: string): readonly string[] {
  const { switches, switchesOff } = results;
  const tested = String(results.registry);
  return [
    ...(tested === registry ? [] : [`results.yaml is about ${tested}, not ${registry}`]),
    ...switchesOff.map((name) => `the switch ${name} was off`),
    ...(switches === STRICT_SWITCHES.length
      ? []
      : [`the suite has ${switches} switches, the profile ${STRICT_SWITCHES.length}`]),
    ...judgeLabels('API', results.apis, STRICT_LABELS.apis),
    ...judgeLabels('data', results.data, STRICT_LABELS.data),
  ];
}

function judgeLabels(
  kind: string,
  statuses: Readonly<Record<string, unknown>>,
  expected: readonly string[],
): readonly string[] {
  const labels = new Set([...expected, ...Object.keys(statuses)]);
  return [...labels]
    .filter((label) => statuses[label] !== 'Pass')
    .map((label) => `${kind} ${label}: ${JSON.stringify(statuses[label] ?? 'not reported')}`);
}
