import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSuite } from './run-suite.ts';

describe('runSuite', () => {
  let folder: string;
  let reports: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-suite-'));
    reports = join(folder, 'reports');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs a program of our own as if it were the suite. */
  async function run(script: string) {
    const program = join(folder, 'suite');
    await writeFile(program, `#!${process.execPath}\n${script}`, { mode: 0o755 });
    return runSuite({ program, registry: '127.0.0.1:5000', folder: reports });
  }

  it('gives back what the suite printed and wrote, and keeps both', async () => {
    const suiteRun = await run(`
      console.log('counts');
      console.error('warnings');
      require('node:fs').writeFileSync(process.env.OCI_RESULTS_DIR + '/results.yaml', 'apis: {}');
    `);
    expect(suiteRun).toEqual({
      registry: '127.0.0.1:5000',
      exitCode: 0,
      output: 'counts\n',
      results: 'apis: {}',
    });
    expect(await readFile(join(reports, 'output.txt'), 'utf8')).toBe('counts\n');
    expect(await readFile(join(reports, 'errors.txt'), 'utf8')).toBe('warnings\n');
  });

  it('does not take the results of an earlier run for those of this one', async () => {
    await run(
      `require('node:fs').writeFileSync(process.env.OCI_RESULTS_DIR + '/results.yaml', '')`,
    );
    expect((await run('')).results).toBeUndefined();
  });

  it('tells the exit code, and none when the suite cannot be started', async () => {
    expect((await run('process.exit(2)')).exitCode).toBe(2);
    const program = join(folder, 'missing');
    const { exitCode } = await runSuite({ program, registry: 'x', folder: reports });
    expect(exitCode).toBeUndefined();
    expect(await readFile(join(reports, 'errors.txt'), 'utf8')).toContain('ENOENT');
  });

  it('hands on nothing of its own environment', async () => {
    process.env['OCI_FILTER_TEST'] = 'ping';
    try {
      const { output } = await run('console.log(JSON.stringify(process.env))');
      const environment = JSON.parse(output) as Record<string, string>;
      expect(environment).not.toHaveProperty('OCI_FILTER_TEST');
      expect(environment).toMatchObject({
        OCI_VERSION: 'dev',
        OCI_REGISTRY: '127.0.0.1:5000',
        OCI_RESULTS_DIR: reports,
        OCI_DATA_SPARSE: 'true',
      });
    } finally {
      delete process.env['OCI_FILTER_TEST'];
    }
  });
});
