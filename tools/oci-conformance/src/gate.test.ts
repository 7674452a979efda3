import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { outputWith, perfectResults, perfectRun } from './fixtures/perfect-run.ts';
import { judge, type SuiteRun } from './gate.ts';
import { STRICT_BASELINE } from './strict-profile.ts';

const problemsOf = (changes: Partial<SuiteRun>) => judge({ ...perfectRun(), ...changes }).problems;

describe('judge', () => {
  it('takes a run in which everything passed', () => {
    expect(judge(perfectRun())).toEqual({
      counts: { Disabled: 0, Skip: 0, Pass: STRICT_BASELINE, FAIL: 0, Error: 0 },
      problems: [],
      unpassed: [],
    });
  });

  it('refuses a run that never happened, although its exit code is 0', () => {
    expect(problemsOf({ output: '', results: undefined })).toEqual([
      'the suite printed no counts',
      'the suite wrote no results.yaml',
    ]);
  });

  it('refuses any exit code but 0', () => {
    expect(problemsOf({ exitCode: 1 })).toEqual(['the suite ended with exit code 1']);
    expect(problemsOf({ exitCode: undefined })).toEqual(['the suite ended with exit code none']);
  });

  it.each(['Skip', 'Disabled', 'FAIL', 'Error'])(
    'refuses a check that ended with %s, whatever the exit code',
    (status) => {
      const output = outputWith({ Pass: STRICT_BASELINE, [status]: 1 });
      expect(problemsOf({ output })).toEqual([`1 checks ended with ${status}`]);
    },
  );

  it('refuses fewer checks than a registry that does everything passes, and takes more', () => {
    const output = outputWith({ Pass: STRICT_BASELINE - 1 });
    expect(problemsOf({ output })).toEqual(['1031 checks passed, 1032 are expected']);
    expect(problemsOf({ output: outputWith({ Pass: STRICT_BASELINE + 1 }) })).toEqual([]);
  });

  it.each(['Skip', 'Disabled', 'FAIL', 'Error', 'Unknown'])(
    'refuses a label with the status %s',
    (status) => {
      const results = perfectResults();
      results.apis['Referrers'] = status;
      results.data['Image'] = status;
      expect(problemsOf({ results: stringify(results) })).toEqual([
        `API Referrers: "${status}"`,
        `data Image: "${status}"`,
      ]);
    },
  );

  it('refuses results without an entry that the profile has', () => {
    const { apis, data, ...results } = perfectResults();
    const { Referrers: _, ...otherApis } = apis;
    const { 'Sparse Manifests': __, ...otherData } = data;
    const text = stringify({ ...results, apis: otherApis, data: otherData });
    expect(problemsOf({ results: text })).toEqual([
      'API Referrers: "not reported"',
      'data Sparse Manifests: "not reported"',
    ]);
  });

  it('refuses an entry that the profile does not know and that did not pass', () => {
    const results = perfectResults();
    results.data['Something New'] = 'Disabled';
    expect(problemsOf({ results: stringify(results) })).toEqual(['data Something New: "Disabled"']);
  });

  it('refuses a run with a switch off', () => {
    const results = perfectResults();
    results.config.data['sparse'] = false;
    results.config.apis.blobs['delete'] = false;
    expect(problemsOf({ results: stringify(results) })).toEqual([
      'the switch apis.blobs.delete was off',
      'the switch data.sparse was off',
    ]);
  });

  it('refuses a suite with a switch that the profile does not set', () => {
    const results = perfectResults();
    results.config.data['sha3'] = true;
    expect(problemsOf({ results: stringify(results) })).toEqual([
      'the suite has 32 switches, the profile 31',
    ]);
  });

  it('refuses results about another registry', () => {
    expect(problemsOf({ registry: '127.0.0.1:5001' })).toEqual([
      'results.yaml is about 127.0.0.1:5000, not 127.0.0.1:5001',
    ]);
  });

  it.each(['', 'no map', 'config: {}', '{'])('refuses the unreadable results %j', (results) => {
    expect(problemsOf({ results })).toEqual([
      expect.stringMatching(/^results\.yaml cannot be read: /),
    ]);
  });
});
