const STATUSES = ['Pass', 'Skip', 'Disabled', 'FAIL', 'Error'] as const;

/** What the suite says of a test. */
export type TestStatus = (typeof STATUSES)[number];

/** How many checks ended how. A test holds one check or more. */
export type Counts = Readonly<Record<TestStatus, number>>;

export interface UnpassedTest {
  readonly name: string;
  readonly status: TestStatus;
  /** What the suite says went wrong; empty for one that was skipped. */
  readonly errors: readonly string[];
}

export interface SuiteOutput {
  /** `undefined` when the suite did not come so far as to count. */
  readonly counts: Counts | undefined;
  /** The tests without children that did not pass, in the order of the run. */
  readonly unpassed: readonly UnpassedTest[];
}

const TEST = /^ *(OCI Conformance Test.*): (Pass|Skip|Disabled|FAIL|Error)$/;
const ERROR = /^ * - (.*)$/;
const COUNT = /^ {2}(Pass|Skip|Disabled|FAIL|Error)\.+: +(\d+)$/;

/**
 * Reads what the suite writes to its standard output: a tree of tests, one a line, then its configuration, the counts, and two
 * tables.
 *
 * @see distribution-spec, conformance/run.go, `Report`.
 */
export function parseSuiteOutput(output: string): SuiteOutput {
  const lines = output.split('\n');
  return { counts: parseCounts(lines), unpassed: leaves(parseTests(lines)).filter(isUnpassed) };
}

function parseCounts(lines: readonly string[]): Counts | undefined {
  const found = new Map<string, number>();
  for (const line of lines) {
    const [, status, count] = COUNT.exec(line) ?? [];
    if (status !== undefined) found.set(status, Number(count));
  }
  if (found.size < STATUSES.length) return undefined;
  return Object.fromEntries(found) as Counts;
}

function parseTests(lines: readonly string[]): UnpassedTest[] {
  const tests: (UnpassedTest & { errors: string[] })[] = [];
  for (const line of lines) {
    if (line === 'Configuration:') break;
    const [, name, status] = TEST.exec(line) ?? [];
    const error = ERROR.exec(line)?.[1];
    if (name !== undefined) tests.push({ name, status: status as TestStatus, errors: [] });
    // An error of several lines goes on without a mark; its first line says enough.
    else if (error !== undefined) tests.at(-1)?.errors.push(error);
  }
  return tests;
}

/** The children of a test follow it. */
function leaves(tests: readonly UnpassedTest[]): readonly UnpassedTest[] {
  return tests.filter(({ name }, index) => !tests[index + 1]?.name.startsWith(`${name}/`));
}

function isUnpassed({ status }: UnpassedTest): boolean {
  return status !== 'Pass';
}
