import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findOrBuild, ProgramNotAvailable, sourceOf } from '@purser/external-programs';
import {
  purser,
  readCommandLine,
  Sandbox,
  versionOf,
  type OptionValues,
} from '@purser/registry-under-test';
import { judge, type Verdict } from './gate.ts';
import { formatRow, HEADING } from './result-table.ts';
import { runSuite } from './run-suite.ts';
import { RUNS, serve, type Run, type ServeOptions } from './runs.ts';

const SUITE = sourceOf('oci-conformance');

const usage = `Runs the conformance suite of the OCI distribution-spec against the server, in its strictest profile.

  npm start -w tools/oci-conformance -- [options]

  --only <run>       one run of those below; default all of them
  --report <folder>  where to keep the reports; default a new folder below the system's temporary folder
  --built            runs what npm run build made

${RUNS.map(({ name, about }) => `  ${name.padEnd(17)}  ${about}`).join('\n')}

Exit status 1 when a check did not pass, was skipped or did not run; 2 when the suite is not there and cannot be built.
`;

const DEFAULTS = { only: '', report: '', built: false };

/** What the specification's users would want too, and why it is not among the runs. */
const MISSING_RUNS =
  'Not run: with Bearer tokens, which need a token server. They are tried with podman and skopeo.';

/** As many tests as fit on a screen; a missing feature fails hundreds. */
const MOST_TESTS = 20;

const options = readCommandLine(usage, DEFAULTS);
if (options !== undefined) await main(options);

async function main({ only, report, built }: OptionValues<typeof DEFAULTS>): Promise<void> {
  const runs = RUNS.filter(({ name }) => only === '' || name === only);
  if (runs.length === 0) {
    fail(`no run ${only}: use ${RUNS.map(({ name }) => name).join(', ')}`, 2);
    return;
  }
  const suite = await findSuite();
  if (suite === undefined) return;
  const folder =
    report === '' ? await mkdtemp(join(tmpdir(), 'oci-conformance-')) : resolve(report);
  say(`The suite is ${SUITE}.`);
  say(`The server is ${await versionOf(purser({ isBuilt: built }))}.`);
  say(`The reports are in ${folder}.\n`);
  await using sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-conformance-' });
  const failed = await runAll(runs, { suite, folder, sandbox, isBuilt: built });
  say(`\n${MISSING_RUNS}`);
  if (failed.length > 0) fail(`${failed.join(', ')} of ${runs.length} runs did not pass`, 1);
}

async function findSuite(): Promise<string | undefined> {
  try {
    return await findOrBuild('oci-conformance', () => say(`Building ${SUITE} …`));
  } catch (error) {
    if (!(error instanceof ProgramNotAvailable)) throw error;
    fail(error.message, 2);
    return undefined;
  }
}

interface Setting extends ServeOptions {
  /** The path of the suite. */
  readonly suite: string;
  /** Where each run has a folder for its reports. */
  readonly folder: string;
}

/** @returns The names of the runs that did not pass. */
async function runAll(runs: readonly Run[], setting: Setting): Promise<readonly string[]> {
  const failed: string[] = [];
  say(HEADING);
  for (const run of runs) {
    const start = performance.now();
    const verdict = await runOne(run, setting);
    const seconds = (performance.now() - start) / 1000;
    say(formatRow({ name: run.name, counts: verdict.counts, seconds }));
    if (verdict.problems.length === 0) continue;
    failed.push(run.name);
    explain(verdict, join(setting.folder, run.name));
  }
  return failed;
}

async function runOne(run: Run, { suite, folder, ...options }: Setting): Promise<Verdict> {
  const reports = join(folder, run.name);
  await using served = await serve(run, options);
  const verdict = judge(
    await runSuite({
      program: suite,
      registry: served.address,
      folder: reports,
      credentials: served.credentials,
    }),
  );
  await writeFile(join(reports, 'registry.txt'), served.registry.output);
  return verdict;
}

function explain({ problems, unpassed }: Verdict, reports: string): void {
  for (const problem of problems) say(`  ${problem}`);
  for (const { status, name, errors } of unpassed.slice(0, MOST_TESTS)) {
    say([`  ${status} ${name}`, ...errors].join('\n    '));
  }
  const others = unpassed.length - MOST_TESTS;
  if (others > 0) say(`  and ${others} more tests; all are in ${join(reports, 'output.txt')}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(line: string, status: number): void {
  process.stderr.write(`FAILED: ${line}\n`);
  process.exitCode = status;
}
