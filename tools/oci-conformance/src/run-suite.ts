import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SuiteRun } from './gate.ts';
import { strictEnvironment, type SuiteCredentials } from './strict-profile.ts';

export interface RunSuiteOptions {
  /** The path of the suite. */
  readonly program: string;
  /** `host:port`. */
  readonly registry: string;
  /** Where its reports go. Reports of an earlier run in it are removed; it is made when absent. */
  readonly folder: string;
  readonly credentials?: SuiteCredentials | undefined;
}

/** A run takes seconds; one that hangs has to end. */
const LIMIT_MS = 300_000;

const REPORTS = ['results.yaml', 'junit.xml', 'report.html', 'output.txt', 'errors.txt'];

/** Runs the suite in the strict profile, and keeps beside its reports what it wrote to its outputs. */
export async function runSuite(options: RunSuiteOptions): Promise<SuiteRun> {
  const { program, registry, folder, credentials } = options;
  await mkdir(folder, { recursive: true });
  // Old reports would look like those of this run if the suite wrote none.
  for (const name of REPORTS) await rm(join(folder, name), { force: true });
  const { exitCode, output, errors } = await execute(program, {
    // The suite would read an oci-conformance.yaml of the working directory.
    cwd: folder,
    env: strictEnvironment({ registry, resultsFolder: folder, credentials }),
  });
  await writeFile(join(folder, 'output.txt'), output);
  await writeFile(join(folder, 'errors.txt'), errors);
  const results = await readFile(join(folder, 'results.yaml'), 'utf8').catch(() => undefined);
  return { registry, exitCode, output, results };
}

interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Execution {
  readonly exitCode: number | undefined;
  readonly output: string;
  readonly errors: string;
}

function execute(program: string, surroundings: Surroundings): Promise<Execution> {
  const options = { ...surroundings, timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(program, options, (error, output, errors) => {
      // A text says that the program could not be started, or that a limit ended it.
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === 'number') resolve({ exitCode, output, errors });
      else resolve({ exitCode: undefined, output, errors: `${errors}${error?.message ?? ''}\n` });
    });
  });
}
